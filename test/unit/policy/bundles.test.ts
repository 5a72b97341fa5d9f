import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBundle } from '../../../src/policy/bundle.ts';
import { runCases, uncovered } from '../../../src/policy/cases.ts';

const policies = join(import.meta.dirname, '../../../policies');

describe.each(['strict', 'relaxed', 'sandbox'])('the shipped bundle %s', (name) => {
  it('passes its own cases, and each rule has one that it catches and one that it lets pass', async () => {
    const bundle = await loadBundle(join(policies, name));
    if (bundle.rules === undefined) throw new Error(bundle.fault);
    const results = await runCases(join(policies, name), bundle);
    expect(results.filter(({ failures }) => failures.length > 0)).toEqual([]);
    expect(uncovered(bundle, results)).toEqual([]);
  });
});

it('what is never done is the same in the strict and in the relaxed bundle', async () => {
  for (const file of ['never.yaml', 'never.cases.yaml', 'reads.yaml', 'reads.cases.yaml'])
    expect(await readFile(join(policies, 'relaxed', file), 'utf8')).toBe(
      await readFile(join(policies, 'strict', file), 'utf8'),
    );
});

it('only in the sandbox may the person behind the agent countersign', async () => {
  for (const name of ['strict', 'relaxed'])
    for (const rule of (await loadBundle(join(policies, name))).rules ?? [])
      expect(rule.require?.ownerMay).not.toBe(true);
});
