import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { checkLink, type Link, lineDigest } from '../domain/hash-chain.ts';

/** Longest line that is read; what is written is far shorter, but for a first line that names very many chains. */
export const longestLine = 4 * 1024 * 1024;

const nameForm = /^\d{8}T\d{9}Z-[0-9a-f]{8}\.jsonl$/;

/** `20261121T091402113Z-5f0c1d2e.jsonl`: sorted by name is sorted by begin. */
export const chainName = (time: string, id: string): string => `${time.replace(/[-:.]/g, '')}-${id}.jsonl`;

/** The chains of an audit folder, oldest first. A folder that is not there has none. */
export function chainFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => nameForm.test(name))
      .sort();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}

/** Where a chain stood when another one began. */
export interface Head {
  readonly file: string;
  readonly seq: number;
  /** Bytes up to the end of that line, newline included. */
  readonly end: number;
  readonly digest: string;
}

/** Bytes after the last newline: a line that was being written, by a process that lives or was killed. */
export interface Torn {
  readonly file: string;
  readonly start: number;
  readonly bytes: number;
  readonly digest: string;
}

export const formatHead = ({ file, seq, end, digest }: Head): string =>
  `${file} seq=${seq} end=${end} sha256:${digest}`;
export const formatTorn = ({ file, start, bytes, digest }: Torn): string =>
  `${file} start=${start} bytes=${bytes} sha256:${digest}`;

const headForm = /^(\S+) seq=(\d{1,15}) end=(\d{1,15}) sha256:([0-9a-f]{64})$/;
const tornForm = /^(\S+) start=(\d{1,15}) bytes=(\d{1,15}) sha256:([0-9a-f]{64})$/;

export function parseHead(text: unknown): Head | undefined {
  const [, file, seq, end, digest] = (typeof text === 'string' && headForm.exec(text)) || [];
  if (file === undefined || !nameForm.test(file) || digest === undefined) return undefined;
  return { file, seq: Number(seq), end: Number(end), digest };
}

export function parseTorn(text: unknown): Torn | undefined {
  const [, file, start, bytes, digest] = (typeof text === 'string' && tornForm.exec(text)) || [];
  if (file === undefined || !nameForm.test(file) || digest === undefined) return undefined;
  return { file, start: Number(start), bytes: Number(bytes), digest };
}

/** The last whole line that ends at or before `end`, and the bytes after it, read from the end of the file. */
export function readTail(path: string, end?: number): { readonly link: Link | undefined; end: number; rest: Buffer } {
  return withFile(path, (file) => {
    const size = end ?? fstatSync(file).size;
    for (let wanted = 8 * 1024; ; wanted *= 8) {
      const start = Math.max(0, size - wanted);
      const bytes = readAt(file, start, size - start);
      const last = bytes.lastIndexOf(10);
      const before = last <= 0 ? -1 : bytes.lastIndexOf(10, last - 1);
      if (start > 0 && (before === -1 || last === -1) && wanted < longestLine) continue;
      if (last === -1) return { link: undefined, end: start, rest: bytes };
      const { link } = checkLink(undefined, bytes.subarray(before + 1, last), 1);
      return { link, end: start + last + 1, rest: bytes.subarray(last + 1) };
    }
  });
}

/** The last bytes of a file, at most so many. */
export const readEnd = (path: string, most: number): Buffer =>
  withFile(path, (file) => {
    const { size } = fstatSync(file);
    return readAt(file, Math.max(0, size - most), Math.min(size, most));
  });

/** The first line as it stands, without its newline; undefined where there is no whole one. */
export function readFirstLine(path: string): Buffer | undefined {
  return withFile(path, (file) => {
    for (let wanted = 8 * 1024; wanted <= longestLine; wanted *= 8) {
      const bytes = readAt(file, 0, wanted);
      const newline = bytes.indexOf(10);
      if (newline !== -1) return bytes.subarray(0, newline);
      if (bytes.length < wanted) return undefined;
    }
    return undefined;
  });
}

/** Whether the chain still has that line, ending there. */
export function stands(path: string, head: Head): boolean {
  const { link, end } = readTail(path, head.end);
  return link !== undefined && end === head.end && link.seq === head.seq && link.digest === head.digest;
}

/** Whether the unfinished bytes are still there, also when the line was finished after they were seen. */
export const stillTorn = (path: string, torn: Torn): boolean =>
  withFile(path, (file) => lineDigest(readAt(file, torn.start, torn.bytes)) === torn.digest);

function withFile<T>(path: string, use: (file: number) => T): T {
  const file = openSync(path, 'r');
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
