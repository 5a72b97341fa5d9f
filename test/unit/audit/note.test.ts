import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  checkSignatures,
  formatNote,
  parseNotes,
  parseVerifierKey,
  verifierKey,
} from '../../../src/audit/checkpoint/note.ts';
import { commandSigner, keySigner, signWith } from '../../../src/audit/checkpoint/signer.ts';

/** Signed by Go's golang.org/x/mod/sumdb/note, so that ours is held to somebody else's reading of the format. */
const theirKey = 'log.example/audit+5f863a89+Aa4RfmTlfdVMzftFudsEDyQvhw0fM2cYKf5bGzQwGmDU';
const theirNote = `countersign.dev/audit-checkpoint/v1
time 2026-11-21T09:14:02.113Z
because vote
20261121T091402113Z-5f0c1d2e.jsonl seq=7 end=2048 sha256:ab0c${'0'.repeat(60)}

\u2014 log.example/audit X4Y6iRmXLShZMWu/OsUGGu+tzKC5qbgH2q8M/6OYsDdGEDnqzQ8omdBYx1TbTSfjgE3LieP9qF0qqJND1Fugz3IitAg=
`;

const pair = generateKeyPairSync('ed25519');
const key = verifierKey('example.com/a', pair.publicKey);
const text = 'one\n\ntwo\n';
const note = { text, signatures: [signWith('example.com/a', pair.privateKey, text)] };

describe('a signed note', () => {
  it('of another program is read and verified, and a changed one is not', () => {
    const [read] = parseNotes(theirNote);
    if (read === undefined) throw new Error('no note');
    expect(checkSignatures(read, [parseVerifierKey(theirKey)])).toBe('good');
    expect(formatNote(read)).toBe(theirNote);
    expect(checkSignatures({ ...read, text: read.text.replace('seq=7', 'seq=6') }, [parseVerifierKey(theirKey)])).toBe(
      'wrong',
    );
    expect(checkSignatures(read, [key])).toBe('unknown key');
  });

  it('is good by one known key, and not where a known key is wrong beside it', () => {
    const other = generateKeyPairSync('ed25519');
    const both = { text, signatures: [...note.signatures, signWith('example.com/b', other.privateKey, text)] };
    expect(checkSignatures(both, [key])).toBe('good');
    const [mine = '', theirs = ''] = both.signatures;
    const broken = { text, signatures: [mine, theirs.replace(/.{10}$/, 'AAAAAAAAAA')] };
    expect(checkSignatures(broken, [key, verifierKey('example.com/b', other.publicKey)])).toBe('wrong');
    expect(checkSignatures({ text, signatures: [] }, [key])).toBe('unknown key');
  });

  it('stands behind others in one file, with empty lines between', () => {
    const one = formatNote(note);
    expect(parseNotes(`\n${one}\n\n${one}${one}`)).toEqual([note, note, note]);
    expect(parseNotes(one.replaceAll('\n', '\r\n'))).toEqual([note]);
    expect(parseNotes(one.trimEnd())).toEqual([note]);
    expect(() => parseNotes(`${one}text without an end`)).toThrow('note 2 is not a signed note');
    expect(parseNotes('')).toEqual([]);
  });
});

describe('a verifier key', () => {
  it('is printed and read back', () => {
    expect(parseVerifierKey(key.text)).toMatchObject({ name: 'example.com/a', id: key.id, text: key.text });
  });

  it.each([
    ['another id', theirKey.replace('5f863a89', '5f863a88')],
    ['another kind of key', theirKey.replace('+Aa4R', '+Ba4R')],
    ['no key', 'hello'],
    ['half of one', theirKey.slice(0, -8)],
  ])('with %s is refused', (_, wrong) => {
    expect(() => parseVerifierKey(wrong)).toThrow('not a verifier key');
  });

  it('is Ed25519, and its name has no space and no plus', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(() => verifierKey('a', rsa.publicKey)).toThrow('not an Ed25519 key');
    expect(() => verifierKey('a b', pair.publicKey)).toThrow('not a name');
    expect(() => verifierKey('a+b', pair.publicKey)).toThrow('not a name');
  });
});

describe('a private key elsewhere', () => {
  it('signs from PEM, and what is no key is not quoted', async () => {
    const signer = keySigner('example.com/a', String(pair.privateKey.export({ format: 'pem', type: 'pkcs8' })));
    expect(await signer.sign(text)).toEqual(note.signatures);
    expect(() => keySigner('a', 'secret words')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('words') }),
    );
  });

  it('signs by a program that is given the text', async () => {
    const program = `
      const { createPrivateKey, sign } = require('node:crypto');
      let text = '';
      process.stdin.on('data', (part) => { text += part; });
      process.stdin.on('end', () => {
        const key = createPrivateKey({ key: Buffer.from(process.argv[1], 'base64'), format: 'der', type: 'pkcs8' });
        console.log(sign(null, Buffer.from(text), key).toString('base64'));
      });`;
    const der = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    const signer = commandSigner([process.execPath, '-e', program, der], key.text);
    expect(await signer.sign(text)).toEqual(note.signatures);
    await expect(commandSigner([process.execPath, '-e', 'process.exit(3)'], key.text).sign(text)).rejects.toMatchObject(
      {
        message: expect.stringContaining('failed (3)'),
      },
    );
    expect(createPublicKey(pair.privateKey).asymmetricKeyType).toBe('ed25519');
  });
});
