/**
 * Preloaded into a server that a test spawns: kills it, as the kernel would, at one file operation that makes something
 * durable. COUNTERSIGN_TEST_KILL is `before|after NAME PATTERN` (the operation `link` onto a path, or the `write` of a text,
 * that matches), or `nth FILE N`: the N-th durable operation after FILE is there. The product knows nothing of it.
 */
const fs = require('node:fs');
const promises = require('node:fs/promises');

const [how, what, ...rest] = (process.env.COUNTERSIGN_TEST_KILL ?? '').split(' ');
const pattern = new RegExp(rest.join(' '));
let counted = 0;

const die = () => process.kill(process.pid, 'SIGKILL');
const hit = (when, name, text) => {
  if (how === when && what === name && pattern.test(text)) die();
  if (how !== 'nth' || when !== 'before' || !fs.existsSync(what)) return;
  counted += 1;
  if (counted === Number(rest[0])) die();
};

const { writeSync, fdatasyncSync, linkSync, renameSync, unlinkSync } = fs;
const { link, rename, unlink } = promises;
let written = '';
fs.writeSync = (file, bytes, ...more) => {
  written = String(bytes);
  hit('before', 'write', written);
  return writeSync(file, bytes, ...more);
};
fs.fdatasyncSync = (file) => {
  hit('before', 'sync', written);
  fdatasyncSync(file);
  hit('after', 'write', written);
};
fs.linkSync = (from, to) => {
  hit('before', 'link', to);
  linkSync(from, to);
  hit('after', 'link', to);
};
fs.renameSync = (from, to) => {
  hit('before', 'rename', to);
  renameSync(from, to);
};
fs.unlinkSync = (path) => {
  hit('before', 'unlink', path);
  unlinkSync(path);
};
promises.link = async (from, to) => {
  hit('before', 'link', to);
  await link(from, to);
  hit('after', 'link', to);
};
promises.rename = async (from, to) => {
  hit('before', 'rename', to);
  await rename(from, to);
};
promises.unlink = async (path) => {
  hit('before', 'unlink', path);
  await unlink(path);
};
fs.fdatasync = ((original) => (file, done) => {
  hit('before', 'sync', written);
  original(file, (error) => {
    hit('after', 'write', written);
    done(error);
  });
})(fs.fdatasync);
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = (text, ...more) => {
  hit('before', 'answer', String(text));
  return answer(text, ...more);
};

// Also for modules that import these functions by name.
require('node:module').syncBuiltinESMExports();

const pidFile = process.env.COUNTERSIGN_TEST_PID;
if (pidFile !== undefined) fs.writeFileSync(pidFile, String(process.pid));
