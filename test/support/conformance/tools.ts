import { isJsonObject, type JsonObject } from '../../../src/domain/json.ts';
import { isModern } from '../../../src/transport/http/revisions.ts';
import { askingTools } from './asking-tools.ts';
import { pixel, wav } from './media.ts';
import { taskTools } from './task-tools.ts';
import { content, type FixtureTool, pause, type ToolRun, text, tool } from './tool.ts';

const words = (name: string): JsonObject => ({
  type: 'object',
  properties: { [name]: { type: 'string' } },
  required: [name],
});
const image: JsonObject = { type: 'image', data: pixel, mimeType: 'image/png' };
const soon = (): Promise<void> => pause(50);

const embedded = (uri: string, mimeType: string, said: string): JsonObject => ({
  type: 'resource',
  resource: { uri, mimeType, text: said },
});

/** Since 2026-07-28 a request says whether it wants to hear of the log. */
const wantsLog = ({ params, peer }: ToolRun['request']): boolean =>
  !isModern(peer.revision) ||
  (isJsonObject(params._meta) && params._meta['io.modelcontextprotocol/logLevel'] !== undefined);

async function withLogging({ notify, request }: ToolRun): Promise<JsonObject> {
  for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    if (wantsLog(request)) notify('notifications/message', { level: 'info', data });
    await soon();
  }
  return content(text('Logged'));
}

async function withProgress({ notify, progressToken }: ToolRun): Promise<JsonObject> {
  for (const progress of [0, 50, 100]) {
    if (progressToken !== undefined) notify('notifications/progress', { progressToken, progress, total: 100 });
    await soon();
  }
  return content(text('Done'));
}

async function sampling({ ask, input }: ToolRun): Promise<JsonObject> {
  const messages = [{ role: 'user', content: text(String(input.prompt)) }];
  const answer = await ask('sampling/createMessage', { messages, maxTokens: 100 });
  return content(text(`LLM response: ${JSON.stringify(answer.content)}`));
}

const elicit =
  (requestedSchema: JsonObject): FixtureTool['run'] =>
  async ({ ask, input }) => {
    const answer = await ask('elicitation/create', {
      message: String(input.message ?? 'Please fill in'),
      requestedSchema,
    });
    return content(text(`User response: action=${answer.action}, content=${JSON.stringify(answer.content)}`));
  };

const form = (properties: JsonObject, required: readonly string[] = []): JsonObject => ({
  type: 'object',
  properties,
  required,
});

const userForm = form(
  { username: { type: 'string', description: 'Name' }, email: { type: 'string', description: 'Address' } },
  ['username', 'email'],
);

const defaultsForm = form({
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
});

const titled = (word: string, key: 'oneOf' | 'anyOf'): JsonObject => ({
  [key]: [1, 2, 3].map((n) => ({ const: `value${n}`, title: `${word} ${n}` })),
});

const enumsForm = form({
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: { type: 'string', ...titled('First Option', 'oneOf') },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: { type: 'array', items: titled('Choice', 'anyOf') },
});

/** The server hangs up in the middle; the client comes back for the answer. */
async function reconnection({ request }: ToolRun): Promise<JsonObject> {
  request.release();
  await soon();
  return content(text('Reconnected'));
}

const dialect: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

/** Arguments that are repeated in headers. */
const mirrored: JsonObject = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    priority: { type: 'integer', 'x-mcp-header': 'Priority' },
    query: { type: 'string' },
  },
};

export const fixtureTools: readonly FixtureTool[] = [
  tool('test_simple_text', () => content(text('This is a simple text response for testing.'))),
  tool('test_image_content', () => content(image)),
  tool('test_audio_content', () => content({ type: 'audio', data: wav, mimeType: 'audio/wav' })),
  tool('test_embedded_resource', () =>
    content(embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')),
  ),
  tool('test_multiple_content_types', () =>
    content(
      text('Multiple content types test:'),
      image,
      embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ),
  ),
  tool('test_tool_with_logging', withLogging),
  tool('test_logging_tool', withLogging),
  tool('test_error_handling', () => ({
    isError: true,
    content: [text('This tool intentionally returns an error for testing')],
  })),
  tool('test_tool_with_progress', withProgress),
  tool('test_sampling', sampling, words('prompt')),
  tool('test_elicitation', elicit(userForm), words('message')),
  tool('test_elicitation_sep1034_defaults', elicit(defaultsForm)),
  tool('test_elicitation_sep1330_enums', elicit(enumsForm)),
  tool('test_reconnection', reconnection),
  tool('json_schema_2020_12_tool', () => content(text('Valid')), dialect),
  tool('test_custom_headers', ({ input }) => content(text(`In region ${input.region}`)), mirrored),
  ...askingTools,
  ...taskTools,
];
