import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') || name.endsWith('.cjs'))
    .map((name) => `${folder}/${name}`);
const source = [...filesOf('src'), ...filesOf('tools')];
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
/** Without comments, which may name what code may not use. */
const codeOf = (file: string): string => textOf(file).replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
const using = (pattern: RegExp, allowed: readonly string[]): readonly string[] =>
  source.filter((file) => !allowed.some((place) => file.startsWith(place)) && pattern.test(codeOf(file)));

describe('the house', () => {
  it('keeps its import rules', async () => {
    const ended = await execa('npx', ['depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'tools'], {
      cwd: root,
      reject: false,
    });
    expect(ended.exitCode, ended.stdout).toBe(0);
    expect(ended.stdout).toMatch(/no dependency violations found \(\d{3,} modules/);
  }, 120_000);

  it('would notice an import that breaks them', () => {
    const rules = textOf('.dependency-cruiser.cjs');
    for (const name of [
      'no-cycles',
      'gate-imports-domain-only',
      'only-masking-seals',
      'only-compose-makes-grant-mints',
    ])
      expect(rules).toContain(name);
  });

  it('has no file above 400 lines', () => {
    const long = [...source, ...filesOf('test')].filter((file) => textOf(file).split('\n').length > 401);
    expect(long).toEqual([]);
  });

  it('has files of a median of at most 100 lines', () => {
    const lengths = source.map((file) => textOf(file).split('\n').length).sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(100);
  });
});

describe('a grant and a masked value', () => {
  it('are made by a cast in the two files that make them, and nowhere else', () => {
    const forging =
      /\bas\s+(?:Grant|Masked|Sealed)\b|\bas\s+unknown\s+as\b|[=(,]\s*<(?:Grant|Masked)(?:<[^>]*>)?>\s*\w/;
    expect(forging.test('return grant as Grant;')).toBe(true);
    expect(forging.test('x as unknown as Y')).toBe(true);
    expect(forging.test('const forged = <Masked<string>>text;')).toBe(true);
    expect(using(forging, ['src/domain/grant-mint.ts', 'src/domain/seal.ts'])).toEqual([]);
  });

  it('are not talked around by an "any" or by switching the checker off', () => {
    expect(using(/\bas\s+any\b|@ts-(?:ignore|nocheck|expect-error)/, [])).toEqual([]);
    expect(source.filter((file) => /@ts-(?:ignore|nocheck|expect-error)/.test(textOf(file)))).toEqual([]);
  });
});

describe('stdout', () => {
  it('belongs to the wire and to the commands of people', () => {
    const writers = /process\s*\.\s*stdout|\bfd\s*:\s*1\b|\bwriteSync\(\s*1\b|createWriteStream\([^)]*\/dev\/stdout/;
    expect(writers.test('process.stdout.write(text)')).toBe(true);
    expect(using(writers, ['src/cli/', 'src/main.ts', 'src/transport/stdio-wire.ts'])).toEqual([]);
  });

  it('is reached by no console', () => {
    expect(using(/\bconsole\s*[.[]/, [])).toEqual([]);
  });
});
