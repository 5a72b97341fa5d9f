/**
 * Preloaded into a server that a test kills: writes down, outside of the folder COUNTERSIGN_TEST_DISK, what of the files in it was
 * synced, so that the test can afterwards take away what a failure of power would. Lines of JSON in COUNTERSIGN_TEST_SYNCED:
 * `{"made"}` for a file that it makes, `{"file", "size"}` after a sync of one, with the size that it had before the sync began, and
 * `{"folder"}` after one of the folder, which makes the names in it durable. A line is there before the product learns that its sync is done. With
 * COUNTERSIGN_TEST_LIES no sync is written down: a disk that says that it synced, and did not. The product knows nothing of it.
 *
 * Each sync takes some milliseconds more: on a quick disk a kill would seldom find a line that is written and not synced.
 */
const fs = require('node:fs');
const { dirname, resolve } = require('node:path');

const disk = process.env.COUNTERSIGN_TEST_DISK;
const lies = process.env.COUNTERSIGN_TEST_LIES !== undefined;
const { openSync, closeSync, fdatasyncSync, fsyncSync, fdatasync, fstatSync, writeSync } = fs;
const journal = openSync(process.env.COUNTERSIGN_TEST_SYNCED, 'a');
const paths = new Map();
const milliseconds = 3;
const hold = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

const note = (line) => void writeSync(journal, `${JSON.stringify(line)}\n`);
const inDisk = (path) => resolve(path) === disk || dirname(resolve(path)) === disk;

fs.openSync = (path, ...more) => {
  const file = openSync(path, ...more);
  if (inDisk(String(path))) {
    paths.set(file, resolve(String(path)));
    if (typeof more[0] === 'number' && (more[0] & fs.constants.O_CREAT) !== 0) note({ made: resolve(String(path)) });
  }
  return file;
};
fs.closeSync = (file) => {
  paths.delete(file);
  closeSync(file);
};
const synced = (file) => {
  const path = paths.get(file);
  if (path === undefined || lies) return () => undefined;
  const { size } = fstatSync(file);
  return () => note(path === disk ? { folder: path } : { file: path, size });
};
fs.fdatasyncSync = (file) => {
  const done = synced(file);
  hold();
  fdatasyncSync(file);
  done();
};
fs.fsyncSync = (file) => {
  const done = synced(file);
  fsyncSync(file);
  done();
};
fs.fdatasync = (file, callback) => {
  const done = synced(file);
  setTimeout(
    () =>
      fdatasync(file, (error) => {
        if (error === null) done();
        callback(error);
      }),
    milliseconds,
  );
};
// Also for modules that import these functions by name.
require('node:module').syncBuiltinESMExports();

fs.writeFileSync(process.env.COUNTERSIGN_TEST_PID, String(process.pid));
