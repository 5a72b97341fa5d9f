import { expect, type TaskMeta } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { open } from '../../src/domain/masked.ts';
import type { KnownValue } from '../../src/domain/masker.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { silent } from '../support/approvals.ts';
import { standingIn } from './encodings.ts';

/** One for each place; told apart, so that what leaks says where from. */
export const canaries = {
  data: 'Kx7-data-Qm4Zt9-wLp2',
  basic: 'Kx7-basic-Vn3Rb6-yHs8',
  registry: 'Kx7-registry-Td5Gc1-uJf7',
  helm: 'Kx7-helm-Wq8Xe2-aBk3',
  inline: 'Kx7-inline-Zy6Dm9-oNc5',
  argument: 'Kx7-argument-Sr4Lh7-iPv1',
  header: 'Kx7-header-Uf2Ka8-eGt6',
  annotation: 'Kx7-annotation-Bw9Ji3-xEz4',
} as const;

/** Those that a program could know: values of Secrets. */
export const held = [canaries.data, canaries.basic, canaries.registry];

/** Counts where canaries were looked for, and where one was seen. */
export class Ledger {
  readonly #masker = createMasker({ log: silent });
  readonly #told: string[] = [];
  readonly #unlike: string[] = [];
  #looked = 0;
  #again = 0;
  readonly #canaries: readonly string[];
  /** What the server knows of the Secrets, for masking once more what it has shown. */
  values: readonly KnownValue[] = [];

  /** `more`: canaries that only this file has. */
  constructor(...more: readonly string[]) {
    this.#canaries = [...Object.values(canaries), ...more];
  }

  /** Looks for every canary in what was shown. */
  look(where: string, shown: unknown): void {
    const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
    this.#looked += this.#canaries.length;
    for (const value of standingIn(text, this.#canaries)) this.#told.push(`${value} in ${where}`);
  }

  /** A text of the server: it is looked at, and masking it once more changes nothing. */
  text(where: string, shown: string): void {
    this.look(where, shown);
    this.#again++;
    const again = open(this.#masker.text(shown, { values: this.values }));
    if (again !== shown) this.#unlike.push(`${where}: ${firstDifference(shown, again)}`);
  }

  /** The same of an answer's data. */
  data(where: string, shown: JsonObject): void {
    this.look(where, shown);
    this.#again++;
    const again = open(this.#masker.object(shown, { values: this.values }).value);
    const [before, after] = [JSON.stringify(shown), JSON.stringify(again)];
    if (after !== before) this.#unlike.push(`data of ${where}: ${firstDifference(before, after)}`);
  }

  /** For the end of a file. The run ends with the sum over all of them. */
  expectNothing(channel: string, { meta }: { readonly meta: TaskMeta }, atLeast: number): void {
    meta.canaries = { looked: this.#looked, leaks: this.#told.length };
    console.info(
      `${this.#looked} canaries in ${channel}, ${this.#told.length} leaks; ${this.#again} texts masked again`,
    );
    expect(this.#told).toEqual([]);
    expect(this.#unlike).toEqual([]);
    expect(this.#looked).toBeGreaterThan(atLeast);
  }
}

function firstDifference(before: string, after: string): string {
  let at = 0;
  while (before[at] === after[at]) at++;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60));
  return `${around(before)} became ${around(after)}`;
}
