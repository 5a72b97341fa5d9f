import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { invalid } from '../../domain/errors.ts';

/**
 * Signed notes, https://c2sp.org/signed-note: a text, an empty line, and lines `— <key name> <base64(key id, signature)>`. A key
 * is published as `<key name>+<key id in hex>+<base64(0x01, public key)>`, Ed25519 (RFC 8032) being 0x01.
 */
const ed25519 = 0x01;
const nameForm = /^[\x21-\x2a\x2c-\x7e]{1,200}$/;
/** A verifier takes at least 16 signatures; what has many more is not of ours. */
const mostSignatures = 64;

export interface VerifierKey {
  readonly name: string;
  /** Eight hex digits. */
  readonly id: string;
  /** How it is published. */
  readonly text: string;
  readonly key: KeyObject;
}

/** A name may have no white space and no `+`. @throws Invalid */
export function verifierKey(name: string, key: KeyObject): VerifierKey {
  if (!nameForm.test(name))
    throw invalid(`not a name for a key: ${JSON.stringify(name)}`, 'use printable ASCII, no space, no +');
  const encoded = Buffer.concat([Buffer.from([ed25519]), rawOf(key)]);
  const id = createHash('sha256').update(`${name}\n`).update(encoded).digest('hex').slice(0, 8);
  return { name, id, text: `${name}+${id}+${encoded.toString('base64')}`, key };
}

/** @throws Invalid for what is not the text of an Ed25519 verifier key */
export function parseVerifierKey(text: string): VerifierKey {
  const wrong = (): Error =>
    invalid(
      `not a verifier key: ${JSON.stringify(text.slice(0, 80))}`,
      'give what `countersign audit key` prints: name+id+key',
    );
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (name === undefined || bytes.length !== 33 || bytes[0] !== ed25519) throw wrong();
  const x = bytes.subarray(1).toString('base64url');
  const parsed = verifierKey(name, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
  if (parsed.id !== id) throw wrong();
  return parsed;
}

function rawOf(key: KeyObject): Buffer {
  const { x } = key.asymmetricKeyType === 'ed25519' ? key.export({ format: 'jwk' }) : {};
  if (x === undefined) throw invalid('not an Ed25519 key', 'make one: openssl genpkey -algorithm ed25519');
  return Buffer.from(x, 'base64url');
}

/** A signature line without its dash and newline: the name, and the key id with the 64 bytes of the signature. */
export const signatureText = ({ name, id }: VerifierKey, signature: Uint8Array): string =>
  `${name} ${Buffer.concat([Buffer.from(id, 'hex'), signature]).toString('base64')}`;

export interface Note {
  /** What is signed, with its last newline. */
  readonly text: string;
  /** As `signatureText` makes them. */
  readonly signatures: readonly string[];
}

export const formatNote = ({ text, signatures }: Note): string =>
  `${text}\n${signatures.map((each) => `\u2014 ${each}\n`).join('')}`;

const oneNote = /^([\s\S]*?\n)\n((?:\u2014 [^\n]+\n)+)/;

/**
 * The notes of a text that may hold several, one behind the other, as a sink's file does.
 * @throws Invalid naming the place of what is none
 */
export function parseNotes(content: string): readonly Note[] {
  const notes: Note[] = [];
  let rest = content.replaceAll('\r\n', '\n').replace(/^\n+/, '');
  while (rest !== '') {
    const [whole, text, lines] = oneNote.exec(rest.endsWith('\n') ? rest : `${rest}\n`) ?? [];
    if (whole === undefined || text === undefined || lines === undefined)
      throw invalid(
        `note ${notes.length + 1} is not a signed note: it ends without a signature`,
        'give the note whole, with its last line',
      );
    const signatures = lines
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(2));
    notes.push({ text, signatures: signatures.slice(0, mostSignatures) });
    rest = rest.slice(whole.length).replace(/^\n+/, '');
  }
  return notes;
}

/** `good`: a known key signed it, and no known key's signature is wrong. Signatures of unknown keys say nothing. */
export function checkSignatures(note: Note, keys: readonly VerifierKey[]): 'good' | 'wrong' | 'unknown key' {
  let good = false;
  for (const signature of note.signatures) {
    const [name, encoded = ''] = signature.split(' ');
    const bytes = Buffer.from(encoded, 'base64');
    const known = keys.find((key) => key.name === name && key.id === bytes.toString('hex', 0, 4));
    if (known === undefined) continue;
    if (bytes.length !== 68 || !verify(null, Buffer.from(note.text), known.key, bytes.subarray(4))) return 'wrong';
    good = true;
  }
  return good ? 'good' : 'unknown key';
}

/** Who says to have signed it: key name and id. */
export const signersOf = ({ signatures }: Note): readonly string[] =>
  signatures.map((each) => {
    const [name = '', encoded = ''] = each.split(' ');
    return `${name}+${Buffer.from(encoded, 'base64').toString('hex', 0, 4)}`;
  });
