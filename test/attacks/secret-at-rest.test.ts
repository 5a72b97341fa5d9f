import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGateRig } from '../support/gate.ts';

/** Who can read the state directory looks for the value that an agent sent: while it waits, after it ran, in each file. */

const value = 'Zx9-a-very-secret-value-Qq7';
const forms = [value, Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')];

function goneIsEmpty(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return '';
  throw thrown;
}

async function filesWithIt(root: string): Promise<{ readonly looked: number; readonly found: readonly string[] }> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // A file that is written aside is gone when it has been linked: what is read is what stays.
  const read = async (file: string) => [file, await readFile(file, 'latin1').catch(goneIsEmpty)] as const;
  const contents = await Promise.all(files.map(read));
  const found = contents.filter(([, content]) => forms.some((form) => content.includes(form))).map(([file]) => file);
  return { looked: files.length, found };
}

test('the value of a Secret is in no file of the state', async () => {
  const rig = await createGateRig();
  const { root } = rig;
  const metadata = { name: 'at-rest', namespace: 'shop' };
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: value } };
  const { approval, answer } = await rig.hold('apply', { manifest: JSON.stringify(manifest), reason: 'rotation' });
  const waiting = await filesWithIt(root);
  await rig.vote(approval.id);
  const { status, text } = await answer;
  const ran = await filesWithIt(root);
  expect([status, waiting.found, ran.found]).toEqual(['executed', [], []]);
  expect(Math.min(waiting.looked, ran.looked)).toBeGreaterThan(3);
  expect(text).not.toContain(value);
  await rig.close();
});
