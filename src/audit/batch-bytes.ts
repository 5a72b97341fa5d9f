import { lineDigest } from '../domain/hash-chain.ts';

const usualRoom = 64 * 1024;
/** More is given back. */
const mostKept = 1024 * 1024;
const newline = 10;

/** The bytes of lines that are written in one go, in memory that is used again: what is hashed is what goes to the file. */
export class BatchBytes {
  #memory = Buffer.allocUnsafeSlow(usualRoom);
  #end = 0;

  begin(): void {
    this.#end = 0;
    if (this.#memory.length > mostKept) this.#memory = Buffer.allocUnsafeSlow(usualRoom);
  }

  /** Adds a line and returns the digest of its bytes; its newline is not among them. */
  add(line: string): string {
    this.#makeRoom(line.length * 3 + 1);
    const begin = this.#end;
    const end = begin + this.#memory.write(line, begin);
    const digest = lineDigest(this.#memory.subarray(begin, end));
    this.#memory[end] = newline;
    this.#end = end + 1;
    return digest;
  }

  /** Until the next batch begins. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#end);
  }

  #makeRoom(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#memory.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#memory.length * 2));
    this.#memory.copy(larger, 0, 0, this.#end);
    this.#memory = larger;
  }
}
