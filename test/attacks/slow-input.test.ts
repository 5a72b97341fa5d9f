import { expect, test } from 'vitest';
import { parseManifest } from '../../src/domain/manifest.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { silent } from '../support/approvals.ts';

/** One input of a call's size must not hold up the process, in which every caller waits. Each of these took minutes. */

const most = 20_000;
const masker = createMasker({ log: silent });

const within = (milliseconds: number, run: () => unknown): void => {
  const before = performance.now();
  run();
  expect(performance.now() - before).toBeLessThan(milliseconds);
};

test('a manifest of very many keys', () => {
  const keys = Array.from({ length: 80_000 }, (_, index) => `  k${index}: 1`).join('\n');
  within(most, () =>
    parseManifest(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: many, namespace: shop }\ndata:\n${keys}\n`),
  );
  expect(() => parseManifest(`apiVersion: v1\nkind: ConfigMap\ndata:\n${keys}\n  k7: 2\n`)).toThrow(/"k7" twice/);
});

test.each([
  ['beginnings of tokens', 'eyJaaaaaaaa-'],
  ['objects in a message that do not end', 'data:{'],
  ['refused values that do not end', 'Invalid value: {'],
  ['texts in a message that do not end', 'value:"\\'],
])('a megabyte of %s', (_, piece) => {
  const text = piece.repeat(Math.floor(1_000_000 / piece.length));
  within(most, () => masker.text(text));
  within(most, () => masker.object({ kind: 'ConfigMap', data: { text } }));
});
