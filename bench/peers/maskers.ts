import { DeepRedact } from '@hackylabs/deep-redact';
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import type { KnownValue } from '../../src/domain/masker.ts';

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** Known values as one expression, which is how this package takes them; raw ones only. */
export async function withDeepRedact(values: readonly KnownValue[]): Promise<(text: string) => unknown> {
  const pattern = new RegExp(values.map(({ value }) => literal(value)).join('|'), 'g');
  const redact = new DeepRedact({
    stringTests: [{ pattern, replacer: (text: string) => text.replace(pattern, '[REDACTED]') }],
  });
  return (text) => redact.redact(text);
}

/** A scanner by patterns, with the rules that it recommends. */
export async function withSecretlint(text: string): Promise<() => Promise<unknown>> {
  const id = '@secretlint/secretlint-rule-preset-recommend';
  return () =>
    lintSource({
      source: { content: text, filePath: 'log.txt', ext: '.txt', contentType: 'text' },
      options: { config: { rules: [{ id, rule: creator }] } },
    });
}
