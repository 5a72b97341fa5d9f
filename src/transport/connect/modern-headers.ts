import { isJsonObject, type JsonObject } from '../../domain/json.ts';

const versionKey = 'io.modelcontextprotocol/protocolVersion';

/** The member of `params` that `Mcp-Name` repeats. */
const named: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/**
 * What a message of revision 2026-07-28 says in HTTP headers too ("Transports", "Standard Request Headers"); undefined: the
 * message is of an older revision, which speaks in a session.
 */
export function modernHeaders(message: JsonObject): Readonly<Record<string, string>> | undefined {
  const params = isJsonObject(message.params) ? message.params : {};
  const version = isJsonObject(params._meta) ? params._meta[versionKey] : undefined;
  if (typeof version !== 'string' || typeof message.method !== 'string') return undefined;
  const name = params[named[message.method] ?? ''];
  return {
    'mcp-protocol-version': headerText(version),
    'mcp-method': headerText(message.method),
    ...(typeof name === 'string' ? { 'mcp-name': headerText(name) } : {}),
  };
}

/** Plain ASCII as it is, all else in the form that the revision gives ("Value Encoding"). */
const headerText = (text: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`;
