import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { crashText } from '../../../src/cli/crash.ts';
import { createLog } from '../../../src/cli/log.ts';

const secret = 'violet-walrus-81';
const mask = (text: string): string => text.replaceAll(secret, '[masked]');
const thrown = Object.assign(new TypeError(`no ${secret}\n    at ${secret} (a line of the message)`), {
  code: 'ERR_X',
});

it('a crash says what, where and why, masked', () => {
  const text = crashText(new Error('outer', { cause: thrown }), mask);
  expect(text).toMatch(/^countersign: crashed: Error: outer\n {4}at /);
  expect(text).toContain('caused by: TypeError ERR_X: no [masked]');
  expect(text).not.toContain(secret);
});

it('what cannot be masked is left out; where it was is not', () => {
  const text = crashText(thrown);
  expect(text).toMatch(/^countersign: crashed: TypeError ERR_X: \(.* left out\)\n {4}at \S/);
  expect(text).not.toContain('violet');
  expect(crashText(secret)).not.toContain('violet');
  const fails = (): never => {
    throw new Error(secret);
  };
  expect(crashText(thrown, fails)).toBe(text);
  expect(crashText(undefined)).toMatch(/^countersign: crashed: undefined: /);
});

it('a crash without end is told to an end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(crashText(error, mask).split('caused by')).toHaveLength(4);
});

/** What a logger wrote, once there is so much of it. */
async function written(log: (stream: PassThrough) => void, lines: number): Promise<string> {
  const stream = new PassThrough();
  log(stream);
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.split('\n').length > lines) break;
  }
  return text;
}

it('the operational log is masked by form at first, and by what is held as soon as somebody knows it', async () => {
  const token = 'ghp_0123456789abcdefghijABCDEFGHIJ456789';
  const first = await written((stream) => {
    createLog(stream, undefined).error('a library says', { cause: `bad token ${token}`, count: 3 });
  }, 1);
  const second = await written((stream) => {
    const log = createLog(stream, undefined);
    log.maskWith(mask);
    log.warn(`it says ${secret}`, { cause: `SyntaxError: "${secret}" is not valid JSON`, of: undefined });
  }, 1);
  expect(JSON.parse(first)).toMatchObject({ level: 'error', count: 3, cause: expect.stringContaining('[masked ') });
  expect(JSON.parse(second)).toMatchObject({
    message: 'it says [masked]',
    cause: 'SyntaxError: "[masked]" is not valid JSON',
  });
  expect(first).not.toContain(token);
  expect(second).not.toContain(secret);
});
