import { parseVerifierKey, type VerifierKey } from '../audit/checkpoint/note.ts';
import { keySigner } from '../audit/checkpoint/signer.ts';
import { publishedKeys } from '../audit/checkpoint/state-keys.ts';
import type { Config } from '../config.ts';

/** The public keys that this state directory and its configuration know of: the private half may be elsewhere. @throws Invalid */
export async function knownKeys(root: string, { audit }: Config): Promise<readonly VerifierKey[]> {
  const { key, keyName, publicKey } = audit.checkpoints;
  const configured = [
    ...(key === undefined ? [] : await keySigner(keyName ?? '', key).keys()),
    ...(publicKey === undefined ? [] : [parseVerifierKey(publicKey)]),
  ];
  return [...new Map([...publishedKeys(root), ...configured].map((each) => [each.text, each])).values()];
}
