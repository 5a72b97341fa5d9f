import { cached } from '../../../src/transport/http/discover.ts';
import { isModern } from '../../../src/transport/http/revisions.ts';
import { RpcError } from '../../../src/transport/http/rpc.ts';
import type { Method } from '../../../src/transport/http/service.ts';
import { askingPrompt } from './asking-tools.ts';
import { pixel } from './media.ts';
import { text } from './tool.ts';

/** A method with always the same answer, which may be kept. */
const listed =
  (result: object): Method =>
  ({ peer }) =>
    cached(peer.revision, JSON.stringify(result));
const user = (content: object) => ({ role: 'user', content });

const contents = (uri: string, revision: string): object => {
  if (uri === 'test://static-text')
    return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: pixel };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) throw new RpcError(isModern(revision) ? -32602 : -32002, 'There is no such resource', { uri });
  return {
    uri,
    mimeType: 'application/json',
    text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  };
};

const resource = (name: string, mimeType: string) => ({ uri: `test://${name}`, name, description: name, mimeType });

export const resourceMethods: readonly (readonly [string, Method])[] = [
  [
    'resources/list',
    listed({ resources: [resource('static-text', 'text/plain'), resource('static-binary', 'image/png')] }),
  ],
  [
    'resources/templates/list',
    listed({
      resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' }],
    }),
  ],
  [
    'resources/read',
    ({ params, peer }) =>
      cached(peer.revision, JSON.stringify({ contents: [contents(String(params.uri), peer.revision)] })),
  ],
  ['resources/subscribe', () => '{}'],
  ['resources/unsubscribe', () => '{}'],
];

type Messages = (given: Readonly<Record<string, string>>) => readonly object[];

const prompts: Readonly<Record<string, { readonly arguments: readonly string[]; readonly messages: Messages }>> = {
  test_simple_prompt: { arguments: [], messages: () => [user(text('This is a simple prompt for testing.'))] },
  test_prompt_with_arguments: {
    arguments: ['arg1', 'arg2'],
    messages: ({ arg1, arg2 }) => [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
  },
  test_prompt_with_embedded_resource: {
    arguments: ['resourceUri'],
    messages: ({ resourceUri }) => [
      user({
        type: 'resource',
        resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
      }),
      user(text('Please process the embedded resource above.')),
    ],
  },
  test_prompt_with_image: {
    arguments: [],
    messages: () => [
      user({ type: 'image', data: pixel, mimeType: 'image/png' }),
      user(text('Please analyze the image above.')),
    ],
  },
};

export const promptMethods: readonly (readonly [string, Method])[] = [
  [
    'prompts/list',
    listed({
      prompts: [
        ...Object.entries(prompts).map(([name, prompt]) => ({
          name,
          description: name,
          arguments: prompt.arguments.map((each) => ({ name: each, description: each, required: true })),
        })),
        { name: askingPrompt.name, description: askingPrompt.name },
      ],
    }),
  ],
  [
    'prompts/get',
    (request) => {
      const { params } = request;
      if (params.name === askingPrompt.name) return JSON.stringify(askingPrompt.get(request));
      const prompt = prompts[String(params.name)];
      if (prompt === undefined) throw new RpcError(-32602, 'There is no such prompt');
      const given = (params.arguments ?? {}) as unknown as Readonly<Record<string, string>>;
      return JSON.stringify({ messages: prompt.messages(given) });
    },
  ],
];
