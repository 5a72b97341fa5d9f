import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { addCommands } from '../../../src/cli/commands.ts';
import { loadConfig } from '../../../src/config.ts';
import { loadBundle } from '../../../src/policy/bundle.ts';
import { casesSchema } from '../../../src/policy/cases.ts';
import { fileSchema } from '../../../src/policy/rule.ts';
import { blocksOf, pages, root } from './pages.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-docs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const yamlBlocks = pages.flatMap((page) => blocksOf(page, 'yaml').map((text) => ({ page, text })));
const isCases = ({ text }: { text: string }) => /^cases:/m.test(text);
const isRules = ({ text }: { text: string }) => /^(?:rules:| *- name: [a-z-]+\n *description:)/m.test(text);

describe('what the documentation shows is what the program takes', () => {
  it('the example configuration, with the rules that it names', async () => {
    await cp(join(root, 'docs/examples'), folder, { recursive: true });
    const { config } = await loadConfig(join(folder, 'countersign.yaml'), {});
    expect(config.policy?.folder).toBe(join(folder, 'one-person'));
    expect((await loadBundle(config.policy?.folder ?? '')).fault).toBeUndefined();
  });

  it.each(yamlBlocks.filter((block) => !isRules(block) && !isCases(block)))(
    'a configuration in $page',
    async ({ text }) => {
      const file = join(folder, 'block.yaml');
      await writeFile(file, text);
      await expect(loadConfig(file, {})).resolves.toBeDefined();
    },
  );

  it.each(yamlBlocks.filter(isRules))('rules in $page', ({ text }) => {
    const content: unknown = parse(text);
    expect(() => fileSchema.parse(Array.isArray(content) ? { rules: content } : content)).not.toThrow();
  });

  it.each(yamlBlocks.filter(isCases))('cases in $page', ({ text }) => {
    expect(() => casesSchema.parse(parse(text))).not.toThrow();
  });

  it('the JSON blocks and mcp.json are JSON', () => {
    const blocks = pages.flatMap((page) => blocksOf(page, 'json'));
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(() => JSON.parse(block)).not.toThrow();
  });

  it('the manifests for Kubernetes are whole documents with unique names', async () => {
    const files = (await readdir(join(root, 'docs/kubernetes'))).filter((name) => name.endsWith('.yaml'));
    const ids = files.flatMap((file) =>
      parseAllDocuments(readFileSync(join(root, 'docs/kubernetes', file), 'utf8')).flatMap((document) => {
        expect(document.errors).toEqual([]);
        const { apiVersion, kind, metadata } = document.toJS() ?? {};
        return [`${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`];
      }),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it('every command and option that the documentation shows is there', () => {
  const program = new Command('countersign');
  const { stdin, stdout, stderr } = process;
  addCommands(program, { stdin, stdout, stderr, env: {}, signal: new AbortController().signal }, () => undefined);
  const shown = pages.flatMap((page) =>
    blocksOf(page, 'sh', '').flatMap((block) =>
      [...block.matchAll(/^(?:person {3}\$ )?(?:countersign|node dist\/countersign\.cjs) ([a-z][^#\n]*)/gm)].map(
        ([, words = '']) => ({ page, words: words.trim().split(/\s+/) }),
      ),
    ),
  );
  expect(shown.length).toBeGreaterThan(10);
  const wrong = shown.filter(({ words }) => !fits(program, words));
  expect(wrong).toEqual([]);
});

function fits(program: Command, words: readonly string[]): boolean {
  let command = program;
  let rest = [...words];
  for (;;) {
    const next = command.commands.find((each) => each.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest = rest.slice(1);
  }
  if (command === program || (command.commands.length > 0 && rest.length > 0)) return false;
  const options = command.options.flatMap(({ long, short }) => [long, short]);
  return rest.filter((word) => /^--?[a-z]/.test(word)).every((word) => options.includes(word));
}
