import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { invalid } from '../../domain/errors.ts';
import { parseVerifierKey, signatureText, type VerifierKey, verifierKey } from './note.ts';

/** Signs checkpoints. The private half may be anywhere. */
export interface Signer {
  /** With whose keys the next note is signed; more than one right after a key was replaced. @throws what `sign` throws */
  keys(): Promise<readonly VerifierKey[]>;
  /** One signature of each key, as `signatureText` makes them. @throws CountersignError when it cannot be signed */
  sign(text: string): Promise<readonly string[]>;
}

export const signWith = (name: string, key: KeyObject, text: string): string =>
  signatureText(verifierKey(name, createPublicKey(key)), sign(null, Buffer.from(text), key));

/** A key that the configuration refers to: PEM, PKCS #8. @throws Invalid for what is not an Ed25519 private key */
export function keySigner(name: string, pem: string): Signer {
  const key = privateKey(pem);
  const published = verifierKey(name, createPublicKey(key));
  return { keys: async () => [published], sign: async (text) => [signWith(name, key, text)] };
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The error of OpenSSL could quote what it read.
    throw invalid('audit.checkpoints.key is not a private key in PEM', 'make one: openssl genpkey -algorithm ed25519');
  }
}

/** Milliseconds that a signing program has. */
const signWithin = 10_000;

/**
 * A program that holds the key: it is given the text on stdin and prints the 64 bytes of the Ed25519 signature in base64. What
 * it prints is checked against the public key.
 */
export function commandSigner(command: readonly string[], publicKey: string): Signer {
  const key = parseVerifierKey(publicKey);
  const [program = '', ...args] = command;
  return {
    keys: async () => [key],
    sign: async (text) => [signatureText(key, Buffer.from((await run(program, args, text)).trim(), 'base64'))],
  };
}

function run(program: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: signWithin, maxBuffer: 65_536 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else
        reject(
          invalid(`the signing program ${program} failed (${String(error.code ?? error.signal)})`, 'run it by hand'),
        );
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
