import { isUtf8 } from 'node:buffer';

/*
 * What requests of revision 2026-07-28 say in HTTP headers too ("Transports", "Standard Request Headers"), for who sends them
 * and for who holds them to the body.
 */

/** The member of `params._meta` that names the revision. */
export const versionKey = 'io.modelcontextprotocol/protocolVersion';

/** The member of `params` that `Mcp-Name` repeats, by method. */
const named: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** What `Mcp-Name` must repeat; undefined: nothing. */
export function namedIn(method: string, params: { readonly [key: string]: unknown }): string | undefined {
  const key = named[method];
  const value = key === undefined ? undefined : params[key];
  return typeof value === 'string' ? value : undefined;
}

/** Plain ASCII as it is, all else in base64 ("Value Encoding"). */
export const headerText = (text: string): string =>
  /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`;

/** The text that such a header carries; undefined where it is missing, or holds what no sender may put there. */
export function headerValue(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== 'string' || !/^[\t\x20-\x7e]*$/.test(header)) return undefined;
  const encoded = /^=\?base64\?(.*)\?=$/.exec(header)?.[1];
  if (encoded === undefined) return header;
  const bytes = Buffer.from(encoded, 'base64');
  // Node reads over what is not base64, and a proxy may read it in another way.
  return isUtf8(bytes) && bytes.toString('base64') === encoded ? bytes.toString('utf8') : undefined;
}
