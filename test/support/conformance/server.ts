/**
 * The server that the official conformance suite talks to: its fixture tools behind the program's own HTTP transports. The
 * suite needs tools, prompts and resources with names of its own, which have no place in the program.
 */
import { randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../src/domain/json.ts';
import { httpConfigSchema } from '../../../src/transport/http/config.ts';
import { cached, discovered } from '../../../src/transport/http/discover.ts';
import { mirroredParams } from '../../../src/transport/http/modern-params.ts';
import { isModern } from '../../../src/transport/http/revisions.ts';
import { RpcError } from '../../../src/transport/http/rpc.ts';
import { serveHttp } from '../../../src/transport/http/serve-http.ts';
import type { McpRequest, McpService, Method, RunCall } from '../../../src/transport/http/service.ts';
import { createTaskMethods, tasksExtension } from '../../../src/transport/http/task-methods.ts';
import { createTasks } from '../../../src/transport/http/tasks.ts';
import { createTestIdentity } from '../identity.ts';
import { promptMethods, resourceMethods } from './others.ts';
import { fixtureTools } from './tools.ts';

const asked = new Map<string, (answer: JsonObject) => void>();

/** A request of the server to its client, on the stream of the call; the transport hands the answer back. */
function ask(request: McpRequest, method: string, params: JsonObject): Promise<JsonObject> {
  const id = randomBytes(8).toString('hex');
  return new Promise((resolve) => {
    asked.set(id, resolve);
    request.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  });
}

const run: RunCall = async (request) => {
  const tool = fixtureTools.find(({ name }) => name === request.params.name);
  if (tool === undefined) throw new RpcError(-32602, 'There is no such tool');
  const { arguments: input, _meta } = request.params;
  const token = isJsonObject(_meta) ? _meta.progressToken : undefined;
  const result = await tool.run({
    request,
    input: isJsonObject(input) ? input : {},
    notify: (method, params) => request.send(JSON.stringify({ jsonrpc: '2.0', method, params })),
    progressToken: token,
    ask: (method, params) => ask(request, method, params),
  });
  return JSON.stringify(result);
};

const clock = { now: () => Date.now() };
const random = { bytes: (length: number) => randomBytes(length) };
const tools = fixtureTools.map(({ run: _, ...published }) => published);

const service: McpService = {
  methods: new Map<string, Method>([
    ['ping', () => '{}'],
    ['server/discover', () => discovered(service)],
    ['tools/list', ({ peer }) => cached(peer.revision, JSON.stringify({ tools }))],
    ...createTaskMethods({ tasks: createTasks(clock, random), run }),
    ['logging/setLevel', () => '{}'],
    ['completion/complete', () => JSON.stringify({ completion: { values: ['testing'], total: 1, hasMore: false } })],
    ...resourceMethods,
    ...promptMethods,
  ]),
  serverInfo: { name: 'conformance-fixtures', title: 'Conformance fixtures', version: '1.0.0' },
  instructions: 'Fixtures of the conformance suite.',
  capabilities: (revision) => ({
    ...{ tools: {}, prompts: {}, logging: {}, completions: {} },
    ...(isModern(revision)
      ? { resources: {}, extensions: { [tasksExtension]: {} } }
      : { resources: { subscribe: true } }),
  }),
  mirrored: mirroredParams(tools),
  toolNamed: (published) => published,
  answered: (_session, message) => {
    const { id, result } = message;
    if (typeof id === 'string') asked.get(id)?.(isJsonObject(result) ? result : {});
  },
};

const identity = createTestIdentity();
const anybody = { ...identity.authenticator, authenticate: () => identity.authenticator.authenticate(asSuite) };
const asSuite = { authorization: ['Bearer suite'], dpop: [], method: 'POST', url: '' };
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error };

const server = await serveHttp({
  ...{ service, ...identity, authenticator: anybody, log: quiet },
  metrics: { count: () => {}, observe: () => {}, gauge: () => {} },
  clock,
  random,
  host: '127.0.0.1',
  port: 0,
  config: httpConfigSchema.parse({}),
  tls: undefined,
  resourceOrigin: undefined,
  protected: false,
  routes: [],
  parts: [],
  maxBytes: 1_000_000,
  beat: (tick) => {
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  },
});
console.log(`${server.origin}/mcp`);
