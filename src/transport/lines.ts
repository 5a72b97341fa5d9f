/** A line of the wire, without its end. `tooLong`: it went over the limit and only its last bytes were kept. */
export interface Line {
  readonly text: string;
  readonly bytes: number;
  readonly tooLong: boolean;
}

const newline = 0x0a;
/** Where clients put the id of a request (the SDK writes it last), so a line that was dropped can still be answered. */
const keptTail = 512;

/**
 * Cuts chunks into lines. A line over `maxBytes` is not kept in memory: it is reported when it ends, so that one bad
 * message neither fills the memory nor stops the server.
 */
export function createLineReader(maxBytes: number, onLine: (line: Line) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;
  let dropping = false;

  const keep = (part: Buffer): void => {
    size += part.length;
    parts.push(part);
    if (size > maxBytes) dropping = true;
    if (dropping) parts = [Buffer.concat(parts).subarray(-keptTail)];
  };
  const end = (last: Buffer): void => {
    keep(last);
    const text = parts.length === 1 ? (parts[0] ?? last).toString('utf8') : Buffer.concat(parts).toString('utf8');
    const line = { text, bytes: size, tooLong: dropping };
    parts = [];
    size = 0;
    dropping = false;
    onLine(line);
  };

  return (chunk) => {
    let from = 0;
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      end(chunk.subarray(from, to));
      from = to + 1;
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  };
}
