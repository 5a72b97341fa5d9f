import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/** What a chain does to its file, as a port, so that a test can be a full or a broken disk. All of them throw as node:fs does. */
export interface FileOperations {
  /** Makes a new file, 0600, for appending. EEXIST when it is there. */
  create(path: string): number;
  /** How many bytes were written: fewer than given where the disk is nearly full. */
  write(file: number, bytes: Buffer, offset: number): number;
  sync(file: number): void;
  syncLater(file: number): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(folder: string): void;
  truncate(file: number, length: number): void;
  close(file: number): void;
  remove(path: string): void;
}

export const realFiles: FileOperations = {
  create: (path) =>
    openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND, 0o600),
  write: (file, bytes, offset) => writeSync(file, bytes, offset),
  sync: fdatasyncSync,
  syncLater: (file) =>
    new Promise((resolve, reject) => fdatasync(file, (error) => (error === null ? resolve() : reject(error)))),
  syncFolder: (folder) => {
    // Windows cannot sync a directory; NTFS journals its names by itself.
    if (process.platform === 'win32') return;
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  },
  truncate: ftruncateSync,
  close: closeSync,
  remove: unlinkSync,
};
