import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { headerText, namedIn, versionKey } from '../modern-headers.ts';

/**
 * What a message of revision 2026-07-28 says in HTTP headers too ("Transports", "Standard Request Headers"); undefined: the
 * message is of an older revision, which speaks in a session.
 */
export function modernHeaders(message: JsonObject): Readonly<Record<string, string>> | undefined {
  const params = isJsonObject(message.params) ? message.params : {};
  const version = isJsonObject(params._meta) ? params._meta[versionKey] : undefined;
  if (typeof version !== 'string' || typeof message.method !== 'string') return undefined;
  const name = namedIn(message.method, params);
  return {
    'mcp-protocol-version': headerText(version),
    'mcp-method': headerText(message.method),
    ...(name === undefined ? {} : { 'mcp-name': headerText(name) }),
  };
}
