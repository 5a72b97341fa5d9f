import type { ToolResult } from '../../src/transport/client.ts';

/** Both channels of an answer without what differs from call to call: ids, digests, times. Names that the caller chose go too. */
export function withoutIds({ text, structured }: ToolResult, ...names: readonly string[]): string {
  let all = `${text}\n${JSON.stringify(structured)}`;
  for (const name of names) all = all.replaceAll(name, 'NAME');
  return all
    .replace(/sha256:[0-9a-f]{64}/g, 'DIGEST')
    .replace(/cs-[0-9a-z]+/g, 'APPROVAL')
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'INVOCATION')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replace(/\b\d\d:\d\d(:\d\d)?Z/g, 'TIME');
}
