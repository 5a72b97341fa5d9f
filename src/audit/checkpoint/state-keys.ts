import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, iso, type Random } from '../../domain/environment.ts';
import { invalid } from '../../domain/errors.ts';
import { isJsonObject, stringAt } from '../../domain/json.ts';
import type { State } from '../../domain/state.ts';
import { type VerifierKey, verifierKey } from './note.ts';
import { type Signer, signWith } from './signer.ts';

/** A key pair of the state directory. */
interface StateKey {
  readonly id: string;
  readonly created: string;
  readonly key: KeyObject;
  readonly published: VerifierKey;
}

export interface StateKeys extends Signer {
  /** All keys that checkpoints of this directory were signed with and that are still there, oldest first. */
  published(): Promise<readonly { readonly created: string; readonly key: VerifierKey; readonly current: boolean }[]>;
  /** A new key. Each process signs its next checkpoint with the old one too, so that one can be followed to the other. */
  rotate(): Promise<VerifierKey>;
}

const idForm = /^[0-9a-f]{8}$/;

/** Ed25519 keys below `keys/audit`, one file a key, `current` naming the one in force; the first is made when it is needed. */
export function stateKeys(state: State, name: string | undefined, clock: Clock, random: Random): StateKeys {
  const folder = (): Promise<string> => state.folder('keys', 'audit');
  let last: StateKey | undefined;
  const current = async (): Promise<StateKey> => {
    const path = await folder();
    let id = readText(join(path, 'current'));
    if (id === undefined) {
      const made = await makeKey(state, path, name, clock, random);
      // Two processes may need the first one at once: who links the pointer has chosen.
      id = (await state.createExclusive(join(path, 'current'), made)) ? made : readText(join(path, 'current'));
    }
    return last?.id === id && last !== undefined ? last : readKey(path, id ?? '');
  };
  return {
    keys: async () => [(await current()).published],
    sign: async (text) => {
      const now = await current();
      const both = last === undefined || last.id === now.id ? [now] : [now, last];
      last = now;
      return both.map(({ key, published }) => signWith(published.name, key, text));
    },
    published: async () => {
      const path = await folder();
      const id = readText(join(path, 'current'));
      return readAll(path).map(({ created, published, id: each }) => ({
        created,
        key: published,
        current: each === id,
      }));
    },
    rotate: async () => {
      await current();
      const path = await folder();
      const id = await makeKey(state, path, name, clock, random);
      await state.replace(join(path, 'current'), id);
      return readKey(path, id).published;
    },
  };
}

/** The public keys below the state directory, without making any; for who verifies. */
export function publishedKeys(root: string): readonly VerifierKey[] {
  return readAll(join(root, 'keys', 'audit')).map(({ published }) => published);
}

/** The public half of the key in force. @throws Invalid where there is none, or it cannot be read */
export function currentKey(root: string): VerifierKey {
  const folder = join(root, 'keys', 'audit');
  return readKey(folder, readText(join(folder, 'current')) ?? '').published;
}

function readAll(folder: string): readonly StateKey[] {
  return namesIn(folder)
    .map((file) => readKey(folder, file.slice(0, -5)))
    .sort((a, b) => (a.created < b.created ? -1 : 1));
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
};

async function makeKey(
  state: State,
  folder: string,
  name: string | undefined,
  clock: Clock,
  random: Random,
): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  for (;;) {
    const id = Buffer.from(random.bytes(4)).toString('hex');
    const content = JSON.stringify({
      id,
      created: iso(clock.now()),
      name: name ?? `countersign-${id}`,
      privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    });
    if (await state.createExclusive(join(folder, `${id}.json`), content)) return id;
  }
}

/** @throws Invalid: a checkpoint signed by another key would look like somebody else's */
function readKey(folder: string, id: string): StateKey {
  try {
    const parsed: unknown = JSON.parse(idForm.test(id) ? (readText(join(folder, `${id}.json`)) ?? '') : '');
    const found = isJsonObject(parsed) ? parsed : undefined;
    const der = Buffer.from(stringAt(found, 'privateKey') ?? '', 'base64');
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const published = verifierKey(stringAt(found, 'name') ?? '', createPublicKey(key));
    return { id, created: stringAt(found, 'created') ?? '', key, published };
  } catch {
    throw invalid(
      `the audit key ${idForm.test(id) ? id : '(unreadable id)'} in ${folder} cannot be read`,
      'restore the keys from a backup',
    );
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
