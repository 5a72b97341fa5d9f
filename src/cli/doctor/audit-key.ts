import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { noteOf } from '../../audit/checkpoint/body.ts';
import { checkSignatures, signersOf, type VerifierKey } from '../../audit/checkpoint/note.ts';
import { commandSigner, keySigner, type Signer } from '../../audit/checkpoint/signer.ts';
import { currentKey, publishedKeys } from '../../audit/checkpoint/state-keys.ts';
import { lastCheckpoint } from '../../audit/last-checkpoint.ts';
import type { Config } from '../../config.ts';
import { because, type Finding, fail, ok, warn } from './finding.ts';
import { openFiles } from './modes.ts';

type Checkpoints = Config['audit']['checkpoints'];

const check = 'audit-key';

/** Whether checkpoints can be signed, by a key that nobody else can read, and that is the one which others know. */
export async function checkAuditKey(root: string, { audit }: Config): Promise<readonly Finding[]> {
  const { key, keyName, command, publicKey } = audit.checkpoints;
  try {
    if (command !== undefined) return [await tried(commandSigner(command, publicKey ?? ''), 'a program signs')];
    if (key === undefined) return [ofState(root, audit.checkpoints)];
    const signer = keySigner(keyName ?? '', key);
    const [published] = await signer.keys();
    return [
      (published && otherThanPublished(published, publicKey)) ?? (await tried(signer, 'the configured key signs')),
    ];
  } catch (thrown) {
    return [fail(check, `no checkpoint can be signed: ${because(thrown)}`, 'see audit.checkpoints in docs/audit.md')];
  }
}

/** What is signed here is no checkpoint, by its first line. */
const probe = 'countersign.dev/audit-doctor/v1\n';

async function tried(signer: Signer, how: string): Promise<Finding> {
  const keys = await signer.keys();
  const who = keys.map(label).join(', ');
  if (checkSignatures({ text: probe, signatures: await signer.sign(probe) }, keys) === 'good')
    return ok(check, `${how}: ${who}`);
  return fail(
    check,
    `${how}, but not with the private half of ${who}`,
    'audit.checkpoints.publicKey must belong to the key that the program signs with',
  );
}

/** One key in the state directory, and those that were in force before. */
function ofState(root: string, { keyName, publicKey }: Checkpoints): Finding {
  const folder = join(root, 'keys', 'audit');
  const line = lastCheckpoint(join(root, 'audit'));
  const note = line && noteOf(line);
  if (!existsSync(join(folder, 'current'))) {
    if (note === undefined && publicKey === undefined)
      return ok(check, 'none yet: the first checkpoint makes one. Publish it then: countersign audit key');
    return lost(`${folder} names no key, and there was one`);
  }
  const [open] = openFiles(folder);
  if (open !== undefined)
    return fail(
      check,
      `${open} is open to other users, who can sign another story with it`,
      `run: chmod 700 ${folder}; chmod 600 ${folder}/*; countersign audit key --rotate`,
    );
  const current = currentKey(root);
  if (note !== undefined && checkSignatures(note, publishedKeys(root)) !== 'good')
    return lost(`the last checkpoint in the log is signed by ${signersOf(note).join(', ')}, by no key in ${folder}`);
  return otherThanPublished(current, publicKey) ?? named(current, keyName, publicKey !== undefined);
}

const lost = (what: string): Finding =>
  fail(
    check,
    what,
    'restore keys/audit from a backup; if it is lost, give those who verify the new public key: countersign audit key',
  );

function named(current: VerifierKey, keyName: string | undefined, isPublished: boolean): Finding {
  if (keyName !== undefined && current.name !== keyName)
    return warn(
      check,
      `the key in force is called ${current.name}, and audit.checkpoints.keyName says ${keyName}`,
      'the next key has the new name: countersign audit key --rotate',
    );
  return ok(
    check,
    `${label(current)}: ${isPublished ? 'the published one' : 'see that those who verify have it (countersign audit key)'}`,
  );
}

const otherThanPublished = (key: VerifierKey, publicKey: string | undefined): Finding | undefined =>
  publicKey === undefined || publicKey === key.text
    ? undefined
    : fail(
        check,
        `${label(key)} signs, and audit.checkpoints.publicKey is another key: who verifies with that one finds no signature`,
        'after a rotation publish the new one (countersign audit key) and name it there; else find out who changed the key',
      );

const label = ({ name, id }: VerifierKey): string => `${name}+${id}`;
