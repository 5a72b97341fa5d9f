import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/domain/grant.ts';
import { createGrantMint } from '../../src/domain/grant-mint.ts';

describe('a forged grant', () => {
  it('is nothing: an object that looks like one, one of another mint, a copy', () => {
    const { mint, redeem } = createGrantMint();
    const contents = { planDigest: 'sha256:x', requests: [] };
    const real = mint(contents);
    const looksLike = Object.freeze({ planDigest: 'sha256:x', requests: [] }) as unknown as Grant;
    for (const forged of [looksLike, createGrantMint().mint(contents), { ...real }, structuredClone(real)])
      expect(() => redeem(forged)).toThrow('spent or was never made');
    expect(redeem(real)).toBe(contents);
  });
});
