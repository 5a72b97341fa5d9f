import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/domain/json.ts';
import { compose, ident, join, type Masked, say } from '../../../src/domain/masked.ts';
import { isRefusal, type Outcome, statuses } from '../../../src/domain/outcome.ts';
import { fitJson, fitText } from '../../../src/transport/fit.ts';
import { present as presentText } from '../../../src/transport/present.ts';

interface CallToolResult {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent: JsonObject;
  readonly isError?: true;
}

const present = (outcome: Outcome): CallToolResult => JSON.parse(presentText(outcome));

const outcome = (over: Partial<Outcome> = {}): Outcome => ({
  status: 'ok',
  message: say`Deployment shop/web (shop-prod).`,
  next: say`the rollout has only begun.`,
  data: compose({ cluster: ident('shop-prod'), replicas: 3 }),
  text: say`  replicas: 3`,
  ...over,
});

const many = (count: number): Masked<string> =>
  join(
    Array.from({ length: count }, (_, index) => say`line ${index} ${ident('x'.repeat(60))}`),
    say`\n`,
  );

test('both channels carry message, data and next step', () => {
  const { content, structuredContent } = present(outcome());
  expect(content[0].text).toBe('Deployment shop/web (shop-prod).\n  replicas: 3\nNext: the rollout has only begun.');
  expect(structuredContent).toEqual({
    status: 'ok',
    message: 'Deployment shop/web (shop-prod).',
    next: 'the rollout has only begun.',
    cluster: 'shop-prod',
    replicas: 3,
  });
});

test.each(statuses)('%s is an error to the client exactly if it is a refusal', (status) => {
  expect(present(outcome({ status })).isError === true).toBe(isRefusal(status));
});

test('data cannot overwrite what happened', () => {
  const data = compose({ status: ident('ok'), message: ident('all fine'), next: ident('nothing') });
  expect(present(outcome({ status: 'denied', data })).structuredContent).toMatchObject({
    status: 'denied',
    message: 'Deployment shop/web (shop-prod).',
    next: 'the rollout has only begun.',
  });
});

test('a long text costs nothing else, wherever in it the short lines are', () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => index);
  for (const text of [numbers.join('\n'), numbers.toReversed().join('\n')]) {
    const { json, left } = fitJson({ stdout: text, recording: 'rec-1', cluster: 'prod', list: ['a', 'b'] }, 32_000);
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(32_000);
    const kept = JSON.parse(json);
    expect(kept).toMatchObject({ recording: 'rec-1', cluster: 'prod', list: ['a', 'b'] });
    expect(kept.stdout.length).toBeGreaterThan(20_000);
    expect(text.startsWith(kept.stdout)).toBe(true);
    expect(left).toMatch(/^stdout: \d+ more lines; to see the rest/);
  }
  // No room at all is not taken for room from the end.
  expect(fitJson({ a: 'x\n'.repeat(500), b: 'y\n'.repeat(500) }, 520).json.length).toBeLessThan(100);
});

test('what was not sealed is not shown', () => {
  const forged = { ...outcome(), text: 'plain' as unknown as Masked<string> };
  expect(() => present(forged)).toThrow(TypeError);
});

test('a text over the budget is cut at a line, says how much is left and keeps the next step', () => {
  const { text } = present(outcome({ text: many(2_000) })).content[0];
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(32_000);
  const rows = text.split('\n');
  expect(rows.at(-1)).toBe('Next: the rollout has only begun.');
  expect(rows.at(-2)).toMatch(/^\[cut here: (\d+) more lines, \d+ kB; to see them ask for less/);
  const shown = rows.filter((row) => row.startsWith('line '));
  expect(shown.at(-1)).toMatch(/^line \d+ x{60}$/);
  expect(shown.length + Number(/(\d+) more/.exec(text)?.[1])).toBe(2_000);
});

test('structured data over the budget loses elements of its largest list, and says how many', () => {
  const rows = Array.from({ length: 1_000 }, (_, index) => ({
    name: ident(`web-${index}`),
    image: ident('x'.repeat(60)),
  }));
  const { structuredContent } = present(outcome({ data: compose({ cluster: ident('shop-prod'), objects: rows }) }));
  expect(Buffer.byteLength(JSON.stringify(structuredContent))).toBeLessThanOrEqual(33_000);
  const kept = structuredContent.objects as Json[];
  expect(kept.length).toBeGreaterThan(100);
  expect(kept[0]).toEqual(rows[0]);
  expect(structuredContent.left).toContain(`objects: ${1_000 - kept.length} more of 1000`);
  expect(structuredContent.cluster).toBe('shop-prod');
});

test('a cut never leaves half a character', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 200, maxLength: 400 }),
      fc.integer({ min: 320, max: 400 }),
      (text, room) => {
        const { kept } = fitText(text.replaceAll('\n', ''), room);
        return text.replaceAll('\n', '').startsWith(kept);
      },
    ),
    { numRuns: 200 },
  );
});

test('whatever the data is, it fits afterwards or has nothing left that can be shortened, and says so', () => {
  const data = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__'),
    fc.oneof(
      fc.array(fc.string({ maxLength: 200 }), { maxLength: 100 }),
      fc.string({ maxLength: 5_000 }),
      fc.integer(),
      fc.dictionary(fc.constantFrom('a', 'b'), fc.string({ maxLength: 3_000 })),
    ),
    { maxKeys: 8 },
  );
  fc.assert(
    fc.property(data, (value) => {
      const all = value as JsonObject;
      const { json, left } = fitJson(all, 4_000);
      const kept: JsonObject = JSON.parse(json);
      const size = Buffer.byteLength(JSON.stringify(all));
      expect(left === undefined).toBe(size <= 4_000);
      expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(4_000);
      expect(Object.keys(kept)).toEqual(Object.keys(all));
    }),
    { numRuns: 200 },
  );
});
