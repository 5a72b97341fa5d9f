import { performance } from 'node:perf_hooks';
import { open } from '../src/domain/masked.ts';
import type { KnownValue, MaskScope } from '../src/domain/masker.ts';
import { formsOf } from '../src/masking/encodings.ts';
import { createMasker } from '../src/masking/masker.ts';
import { buildMatcher } from '../src/masking/matcher.ts';
import { type Figure, median } from './figures.ts';
import { bigObject, hostileTexts, logOf, randomFrom, secretsOf } from './masking-texts.ts';
import { withDeepRedact, withSecretlint } from './peers/maskers.ts';

const megabyte = 1_000_000;
const rounds = 15;
/** Until the compilers have done their work; a server lives for hours. */
const warmUps = 10;
const masker = createMasker({ log: { debug() {}, info() {}, warn() {}, error() {} } });

/** The mask over 1 MB of log, over hostile texts, as a stream and over an object; and two packages over the same log. */
export async function benchMasking(): Promise<readonly Figure[]> {
  const random = randomFrom(7);
  const values = secretsOf(500, random);
  const scope: MaskScope = { values };
  const log = logOf(megabyte, values, random);
  const needles = [...new Set(values.flatMap(({ value }) => [...formsOf(value)].map(({ text }) => text)))];
  const text = times(() => open(masker.text(log, scope)));
  const plain = times(() => plainLoop(log, needles), 3);
  return [
    { name: 'needles', value: needles.length, says: 'forms of 500 values that are looked for' },
    { name: 'log_p50_ms', value: median(text), target: '<= 15', says: 'ms for 1 MB of log: known values and patterns' },
    {
      name: 'log_ratio',
      value: median(text) / median(plain),
      target: '<= 0.05',
      says: 'of the time of indexOf, a needle after the other',
    },
    ...hostile(),
    ...memory(scope, log),
    ...object(scope, random),
    ...building(random),
    {
      name: 'deep_redact_ms',
      value: median(times(await withDeepRedact(values), 3, log)),
      says: '@hackylabs/deep-redact, the same values raw: ms for the same log',
    },
    {
      name: 'secretlint_ms',
      value: await timeOf(await withSecretlint(log)),
      says: '@secretlint/core, its recommended rules: ms to scan the same log',
    },
  ];
}

function times<T>(run: (input: T) => unknown, count = rounds, input = undefined as T): number[] {
  for (let n = 0; n < Math.min(warmUps, count); n++) run(input);
  return Array.from({ length: count }, () => {
    const begun = performance.now();
    run(input);
    return performance.now() - begun;
  });
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}

function plainLoop(text: string, needles: readonly string[]): number {
  let found = 0;
  for (const needle of needles) for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) found++;
  return found;
}

const hostile = (): Figure[] =>
  hostileTexts(megabyte).map(({ name, values, text }) => ({
    name: `hostile_${name}_ms`,
    value: median(times(() => masker.text(text, { values }), 5)),
    target: '<= 60' as const,
    says: 'ms for 1 MB that is made to be slow',
  }));

/** Heap and buffers at their highest while a chunk of 1 MB goes through, over what was there before it came. */
function memory(scope: MaskScope, log: string): Figure[] {
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const chunk = Buffer.from(log);
  const shares = Array.from({ length: 5 }, () => {
    const stream = masker.stream(scope);
    stream.push(chunk.subarray(0, 1_000));
    globalThis.gc?.();
    const before = used();
    const shown = stream.push(chunk);
    globalThis.gc?.();
    const after = used() - before;
    stream.end();
    return open(shown).length > 0 ? after / chunk.length : Number.NaN;
  });
  return [
    {
      name: 'stream_memory',
      value: median(shares),
      target: '<= 3',
      says: 'times a chunk of 1 MB that are held when its answer is there',
    },
  ];
}

const object = (scope: MaskScope, random: () => number): Figure[] => {
  const big = bigObject(megabyte, random);
  return [
    {
      name: 'object_p50_ms',
      value: median(times(() => masker.object(big))),
      target: '<= 15',
      says: 'ms for an object of 1 MB, by structure and patterns',
    },
    {
      name: 'object_scope_ms',
      value: median(times(() => masker.object(big, scope))),
      says: 'the same, with known values',
    },
  ];
};

function building(random: () => number): Figure[] {
  const sets: readonly KnownValue[][] = Array.from({ length: 6 }, () => secretsOf(2_000, random));
  const taken = sets.map((values) => {
    const begun = performance.now();
    buildMatcher(values);
    return performance.now() - begun;
  });
  const shared = times(() => buildMatcher(sets[0] ?? []));
  return [
    {
      name: 'build_ms',
      value: median(taken.slice(1)),
      target: '<= 100',
      says: 'ms to look for the values of 2,000 Secrets',
    },
    { name: 'build_shared_ms', value: median(shared), says: 'the same for the next call' },
  ];
}
