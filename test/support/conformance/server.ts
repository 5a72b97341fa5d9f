/**
 * The server that the official conformance suite talks to: its fixture tools behind the program's own HTTP transports. The
 * suite needs tools, prompts and resources with names of its own, which have no place in the program.
 */
import { randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../src/domain/json.ts';
import { httpConfigSchema } from '../../../src/transport/http/config.ts';
import { RpcError } from '../../../src/transport/http/rpc.ts';
import { serveHttp } from '../../../src/transport/http/serve-http.ts';
import type { McpRequest, McpService, Method } from '../../../src/transport/http/service.ts';
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

const call: Method = async (request) => {
  const tool = fixtureTools.find(({ name }) => name === request.params.name);
  if (tool === undefined) throw new RpcError(-32602, 'There is no such tool');
  const { arguments: input, _meta } = request.params;
  const token = isJsonObject(_meta) ? _meta.progressToken : undefined;
  const result = await tool.run({
    input: isJsonObject(input) ? input : {},
    notify: (method, params) => request.send(JSON.stringify({ jsonrpc: '2.0', method, params })),
    progressToken: token,
    ask: (method, params) => ask(request, method, params),
    release: request.release,
  });
  return JSON.stringify(result);
};

const service: McpService = {
  methods: new Map<string, Method>([
    ['ping', () => '{}'],
    ['tools/list', () => JSON.stringify({ tools: fixtureTools.map(({ run, ...published }) => published) })],
    ['tools/call', call],
    ['logging/setLevel', () => '{}'],
    ['completion/complete', () => JSON.stringify({ completion: { values: ['testing'], total: 1, hasMore: false } })],
    ...resourceMethods,
    ...promptMethods,
  ]),
  serverInfo: { name: 'conformance-fixtures', title: 'Conformance fixtures', version: '1.0.0' },
  instructions: 'Fixtures of the conformance suite.',
  capabilities: () => ({ tools: {}, resources: { subscribe: true }, prompts: {}, logging: {}, completions: {} }),
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
  clock: { now: () => Date.now() },
  random: { bytes: (length) => randomBytes(length) },
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
