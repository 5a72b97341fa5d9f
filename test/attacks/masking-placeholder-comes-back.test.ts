import { expect, it } from 'vitest';
import type { Json } from '../../src/domain/json.ts';
import { createMasker } from '../../src/masking/masker.ts';

/** An agent applies what it read: the placeholder would become the value of the Secret. */
it('a placeholder is found wherever and however it stands', () => {
  const masker = createMasker({ log: { debug() {}, info() {}, warn() {}, error() {} } });
  const placeholder = '[masked Secret db/password]';
  const base64 = (prefix: string): string => Buffer.from(`${prefix}${placeholder}`).toString('base64');
  const inputs: readonly [Json, string][] = [
    [{ manifest: `data: {a: "${placeholder}"}` }, 'manifest'],
    [{ data: { password: placeholder } }, 'data.password'],
    [{ data: { password: base64('') } }, 'data.password'],
    [{ data: { password: base64('a') } }, 'data.password'],
    [{ data: { password: base64('ab') } }, 'data.password'],
    [{ data: { password: base64('abc').replace(/.{8}/g, '$&\n') } }, 'data.password'],
    [{ command: ['sh', `echo ${placeholder}`] }, 'command[1]'],
    [{ url: encodeURIComponent(placeholder) }, 'url'],
    [{ data: { [placeholder]: 'x' } }, 'data["[masked Secret db/password]"]'],
  ];
  for (const [input, path] of inputs) expect(masker.placeholderIn(input)).toBe(path);
  expect(masker.placeholderIn({ note: 'masked [by] hand', list: ['a', 1, null] })).toBeUndefined();
});
