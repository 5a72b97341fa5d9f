#!/usr/bin/env node
// Checks an exported audit log without Countersign: node verify.mjs [folder with the .jsonl files] [file with public keys]
//
// Each line names the SHA-256 of the exact bytes of the line before it. Lines of type Checkpoint hold notes
// (https://c2sp.org/signed-note) signed with Ed25519 (RFC 8032) that say where chains stood. Nothing but Node is needed, and it is
// short enough to be read. What it cannot tell: whether lines after the last signed one were cut off. Compare the last checkpoint
// with one that was kept outside.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? join(here, 'audit');
const keyFile = process.argv[3] ?? join(here, 'keys.txt');
const say = (text) => process.stdout.write(`${text}\n`);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const keys = new Map();
for (const line of readFileSync(keyFile, 'utf8').split('\n')) {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line.trim()) ?? [];
  if (name === undefined) continue;
  const x = Buffer.from(encoded, 'base64').subarray(1).toString('base64url');
  keys.set(`${name} ${id}`, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
}

let faults = 0;
const fault = (where, what) => {
  faults += 1;
  say(`FAIL  ${where}  ${what}`);
};

const ends = new Map(); // `file seq` -> digest of that line
const notes = [];
let lines = 0;
for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .sort()) {
  const bytes = readFileSync(join(folder, file));
  let prev = '0'.repeat(64);
  let seq = 0;
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    seq += 1;
    lines += 1;
    if (end === -1) {
      fault(`${file}:${seq}`, 'the last line is unfinished');
      break;
    }
    const line = bytes.subarray(start, end);
    start = end + 1;
    const tail = `,"prev":"sha256:${prev}"}`;
    if (!line.toString('latin1').startsWith(`{"seq":${seq},`))
      fault(`${file}:${seq}`, 'its number is not the next one');
    if (line.toString('latin1', Math.max(0, line.length - tail.length)) !== tail)
      fault(`${file}:${seq}`, 'it does not name the line before it: that line was changed, or one is missing');
    prev = sha256(line);
    ends.set(`${file} ${seq}`, prev);
    if (line.includes('"type":"Checkpoint"')) notes.push({ where: `${file}:${seq}`, ...JSON.parse(line.toString()) });
  }
}

let good = 0;
for (const { where, note, signatures } of notes) {
  const text = note.map((each) => `${each}\n`).join('');
  for (const signature of signatures) {
    const [name, encoded] = signature.split(' ');
    const raw = Buffer.from(encoded, 'base64');
    const key = keys.get(`${name} ${raw.toString('hex', 0, 4)}`);
    if (key === undefined) fault(where, `no public key is known for ${name}+${raw.toString('hex', 0, 4)}`);
    else if (!verify(null, Buffer.from(text), key, raw.subarray(4))) fault(where, 'the signature is not of this text');
    else good += 1;
  }
  for (const each of note) {
    const [, file, seq, digest] = /^(\S+) seq=(\d+) end=\d+ sha256:([0-9a-f]{64})$/.exec(each) ?? [];
    if (file !== undefined && ends.get(`${file} ${seq}`) !== digest)
      fault(where, `line ${seq} of ${file} is not the one that was signed, or is missing`);
  }
}

const last = notes
  .map(({ time }) => time)
  .sort()
  .at(-1);
say(`${lines} lines, ${notes.length} checkpoints, ${good} good signatures, ${faults} faults`);
say(last === undefined ? 'nothing in it is signed' : `signed up to the checkpoint of ${last}`);
process.exitCode = faults === 0 ? 0 : 1;
