import type { JsonObject } from '../../src/domain/json.ts';

type Headers = Readonly<Record<string, string>>;

export const both = 'application/json, text/event-stream';

/** One POST to `/mcp`, as a client of no library sends it. */
export const post = (url: string, body: unknown, headers: Headers = {}): Promise<Response> =>
  fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: both, authorization: 'Bearer deploy', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

export const rpc = (method: string, params: JsonObject = {}, id: number | string = 1): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});

export const initialize = (url: string, headers: Headers = {}, protocolVersion = '2025-11-25'): Promise<Response> =>
  post(
    url,
    rpc('initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 'raw', version: '1' } }),
    headers,
  );

/** The id of a new session. */
export async function openSession(url: string, headers: Headers = {}, protocolVersion?: string): Promise<string> {
  const response = await initialize(url, headers, protocolVersion);
  const id = response.headers.get('mcp-session-id');
  if (id === null) throw new Error(`no session: ${response.status} ${await response.text()}`);
  await response.body?.cancel();
  return id;
}

/** What a client of 2026-07-28 sends. */
export function modern(method: string, params: JsonObject = {}, capabilities: JsonObject = {}) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  };
  const name = params.name ?? params.uri ?? params.taskId;
  const headers: Headers = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  };
  return { body: rpc(method, { ...params, _meta }), headers };
}

export interface SseEvent {
  readonly id: string | undefined;
  readonly data: string;
}

/** Events as they come; ends with the stream. */
export async function* eventsOf(response: Response): AsyncGenerator<SseEvent> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const data = lines.filter((each) => each.startsWith('data: ')).map((each) => each.slice(6));
      if (data.length > 0) yield { id: lines.find((each) => each.startsWith('id: '))?.slice(4), data: data.join('\n') };
    }
  }
}
