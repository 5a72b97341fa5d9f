import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clients } from '../../../src/cli/clients.ts';
import { run } from './harness.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-init-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(Object.keys(clients))('%s: prints an entry under the word of that client, and the rules', async (client) => {
  const { code, out } = await run(['init', '--client', client, '--sandbox', '--json']);
  expect(code).toBe(0);
  const said = JSON.parse(out);
  const { args } = said.entry[client === 'vscode' ? 'servers' : 'mcpServers'].countersign;
  expect(args.slice(-2)).toEqual(['serve', '--sandbox']);
  expect(said.written).toBe(false);
  expect(said.rules.length).toBeGreaterThan(0);
});

test.each(Object.keys(clients))(
  '%s: --url prints the bridge to a server elsewhere, and how to sign in',
  async (client) => {
    const { out } = await run(['init', '--client', client, '--url', 'https://countersign.example.com']);
    expect(out).toMatch(/"connect",\s+"https:\/\/countersign\.example\.com\/mcp"/);
    expect(out).toContain('countersign connect --login https://countersign.example.com');
  },
);

test.each([
  [['--url', 'http://countersign.example.com/mcp'], 'must be https'],
  [['--url', 'https://user:secret@countersign.example.com/mcp'], 'without user, password and query'],
  [['--url', 'https://countersign.example.com/mcp', '--sandbox'], 'leave out --config and --sandbox'],
])('--url refuses %s', async (more, why) => {
  const { code, err } = await run(['init', '--client', 'claude', ...more]);
  expect(code).toBe(1);
  expect(err).toContain(why);
  expect(err).not.toContain('secret');
});

test('what it prints for people says how to keep the agent from kubectl, and what to configure', async () => {
  const { out } = await run(['init', '--client', 'claude']);
  expect(out).toContain('"Bash(kubectl:*)"');
  expect(out).toContain('isolation: accept-same-user');
});

test('--write puts it beside the other entries, once', async () => {
  const file = join(folder, 'mcp.json');
  const other = { servers: { other: { command: 'other' } }, inputs: [1] };
  await writeFile(file, JSON.stringify(other));
  const args = ['init', '--client', 'vscode', '--sandbox', '--write', '--file', file];
  expect(await run(args)).toMatchObject({ code: 0, out: expect.stringContaining('written') });
  const written = JSON.parse(await readFile(file, 'utf8'));
  expect(written).toMatchObject({ ...other, servers: { ...other.servers, countersign: { type: 'stdio' } } });
  expect(await run(args)).toMatchObject({ code: 0, out: expect.stringContaining('it was there already') });
});

test('another entry of our name, and a file that is not plain JSON, stay as they are', async () => {
  const file = join(folder, 'kept.json');
  for (const text of ['{"mcpServers":{"countersign":{"command":"mine"}}}', '{/* mine */}', '[]']) {
    await writeFile(file, text);
    expect((await run(['init', '--client', 'claude', '--write', '--file', file])).code).toBe(1);
    expect(await readFile(file, 'utf8')).toBe(text);
  }
});

test('a file that is not there is made, with its folder', async () => {
  const file = join(folder, 'new', 'mcp.json');
  await run(['init', '--client', 'cursor', '--config', 'x.yaml', '--write', '--file', file]);
  const { args } = JSON.parse(await readFile(file, 'utf8')).mcpServers.countersign;
  expect(args.slice(-2)).toEqual(['--config', join(process.cwd(), 'x.yaml')]);
});

test('mcp.json at the top is an entry that these clients take', async () => {
  const { mcpServers } = JSON.parse(await readFile(join(import.meta.dirname, '..', '..', '..', 'mcp.json'), 'utf8'));
  // A path, not npx: nobody has published the name yet, so a registry could answer with a stranger's program.
  const program = '/path/to/countersign/dist/countersign.cjs';
  expect(mcpServers.countersign).toEqual({ command: 'node', args: [program, 'serve', '--sandbox'] });
});
