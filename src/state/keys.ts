import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, iso, type Random } from '../domain/environment.ts';
import { invalid } from '../domain/errors.ts';
import type { Keyed } from '../domain/state.ts';
import { createExclusive, replace } from './files.ts';

interface Key {
  readonly id: string;
  readonly seal: Buffer;
  readonly hmac: Buffer;
}

export interface Keys {
  seal(plaintext: string, purpose: string): string;
  unseal(sealed: string, purpose: string): string;
  readonly keyed: Keyed;
}

const prefix = 'sealed:v1';
const idForm = /^[0-9a-f]{8}$/;

/** One file a key, `current` names the one to seal with. Old keys stay, so what they sealed can be read. */
export async function openKeys(folder: string, clock: Clock, random: Random): Promise<Keys> {
  const pointer = join(folder, 'current');
  let current = await readFile(pointer, 'utf8').catch(() => undefined);
  if (current === undefined) {
    const id = await makeKey(folder, clock, random);
    // Two processes may open a new directory at once: who links the pointer first has chosen.
    current = (await createExclusive(pointer, id)) ? id : await readFile(pointer, 'utf8');
  }
  return keysOf(folder, current.trim(), random);
}

/** A new key to seal with from the next start of a process on; what older keys sealed stays readable. Returns its id. */
export async function rotateKey(folder: string, clock: Clock, random: Random): Promise<string> {
  const id = await makeKey(folder, clock, random);
  await replace(join(folder, 'current'), id);
  return id;
}

async function makeKey(folder: string, clock: Clock, random: Random): Promise<string> {
  for (;;) {
    const id = Buffer.from(random.bytes(4)).toString('hex');
    const secret = Buffer.from(random.bytes(32)).toString('base64');
    const content = JSON.stringify({ id, created: iso(clock.now()), secret });
    if (await createExclusive(join(folder, `${id}.json`), content)) return id;
  }
}

function keysOf(folder: string, current: string, random: Random): Keys {
  const loaded = new Map<string, Key>();
  const key = (id: string): Key => {
    const known = loaded.get(id) ?? readKey(folder, id);
    loaded.set(id, known);
    return known;
  };
  key(current);
  return {
    seal: (plaintext, purpose) => {
      const nonce = random.bytes(12);
      const cipher = createCipheriv('aes-256-gcm', key(current).seal, nonce).setAAD(Buffer.from(purpose));
      const text = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return `${prefix}:${current}:${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
    },
    unseal: (sealed, purpose) => unseal(sealed, purpose, key),
    keyed: (data, keyId = current) =>
      `hmac-sha256:${keyId}:${createHmac('sha256', key(keyId).hmac).update(data).digest('hex')}`,
  };
}

function unseal(sealed: string, purpose: string, key: (id: string) => Key): string {
  const [id, body] = sealed.startsWith(`${prefix}:`) ? sealed.slice(prefix.length + 1).split(':') : [];
  if (id === undefined || body === undefined) throw invalid('this is not a sealed text of a state directory');
  const bytes = Buffer.from(body, 'base64url');
  const { seal } = key(id);
  try {
    const decipher = createDecipheriv('aes-256-gcm', seal, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    throw invalid('a sealed text was changed, or sealed for another purpose', 'restore the state from a backup');
  }
}

function readKey(folder: string, id: string): Key {
  const lost = (): Error =>
    invalid(`key ${idForm.test(id) ? id : '(unreadable id)'} is not in ${folder}`, 'restore the keys from a backup');
  if (!idForm.test(id)) throw lost();
  const secret = secretIn(folder, id);
  if (secret?.length !== 32) throw lost();
  // One secret, two uses: each has a key of its own (RFC 5869).
  const derive = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `countersign/state/${use}/v1`, 32));
  return { id, seal: derive('seal'), hmac: derive('hmac') };
}

function secretIn(folder: string, id: string): Buffer | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('secret' in parsed)) return undefined;
    return typeof parsed.secret === 'string' ? Buffer.from(parsed.secret, 'base64') : undefined;
  } catch {
    return undefined;
  }
}
