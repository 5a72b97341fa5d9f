import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseBody } from '../../../src/cluster/parse.ts';
import { statusError } from '../../../src/cluster/status-error.ts';

const folder = new URL('../../../fixtures/kubernetes/status/', import.meta.url);
const cases = readdirSync(folder).map((file) => ({
  name: file.replace('.json', ''),
  ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')),
}));

describe('what the API server answers', () => {
  it.each(cases)('$name means $expect.code', ({ code, creates, body, text, retryAfter, expect: wanted }) => {
    const response = {
      status: code,
      contentType: body === undefined ? 'text/plain' : 'application/json',
      text: body === undefined ? text : JSON.stringify(body),
      warnings: [],
      retryAfter,
    };
    const asked = { what: 'patch ConfigMap shop/settings', mutates: true, creates: creates === true, host: 'api:6443' };
    const error = statusError(response, parseBody(response), asked);
    expect(error.code).toBe(wanted.code);
    expect(error.conflict).toBe(wanted.conflict);
    expect(error.conflicts).toEqual(wanted.conflicts ?? []);
    if (wanted.words !== undefined) expect(error.message).toContain(wanted.words);
    if (wanted.hint !== undefined) expect(error.hint).toBe(wanted.hint);
    expect(`${error.message} ${error.hint} ${error.lines.join(' ')} ${JSON.stringify(error.data)}`).not.toContain(
      'hunter2',
    );
    expect(error.upstream).toBe(body?.message ?? text);
    const read = statusError(response, parseBody(response), { ...asked, mutates: false });
    expect(read.code).toBe(wanted.read ?? wanted.code);
  });

  it('has an answer for what nobody has seen', () => {
    const response = { status: 418, contentType: 'text/plain', text: 'tea', warnings: [], retryAfter: undefined };
    const error = statusError(response, undefined, { what: 'x', mutates: true, host: 'api' });
    expect(error).toMatchObject({ code: 'Failed', httpStatus: 418, upstream: 'tea' });
  });
});
