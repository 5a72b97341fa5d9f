/** One server-sent event. */
interface ServerEvent {
  /** Where the stream is resumed after this event; undefined: it named none. */
  readonly id: string | undefined;
  readonly data: string;
}

/** Characters of one event that has not ended. Above the largest answer of a server. */
const mostKept = 32 * 1024 * 1024;

/** Cuts text into events (WHATWG HTML, "Server-sent events"). `retry` is the last reconnection time that was named, milliseconds. */
export interface EventParser {
  readonly retry: number | undefined;
  /** The events that end in this text. @throws Error for one that is longer than any answer may be */
  push(text: string): readonly ServerEvent[];
}

export function createEventParser(): EventParser {
  let rest = '';
  let data: string[] = [];
  let kept = 0;
  let id: string | undefined;
  let retry: number | undefined;
  const events: ServerEvent[] = [];

  const field = (name: string, value: string): void => {
    if (name === 'data') {
      data.push(value);
      kept += value.length;
    } else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d{1,6}$/.test(value)) retry = Number(value);
  };
  const end = (): void => {
    if (data.length > 0 || id !== undefined) events.push({ id, data: data.join('\n') });
    data = [];
    kept = 0;
    id = undefined;
  };
  const take = (line: string): void => {
    const colon = line.indexOf(':');
    if (line === '') end();
    // Before a colon stands the field's name; without one it is a comment.
    if (line === '' || colon === 0) return;
    const value = colon === -1 ? '' : line.slice(colon + 1);
    field(colon === -1 ? line : line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value);
  };

  return {
    get retry() {
      return retry;
    },
    push: (text) => {
      // A return at the very end may be half of a line end: it waits for what follows.
      const whole = rest + text;
      const lines = whole.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      if (kept + rest.length > mostKept) throw new Error('an event is longer than any answer');
      for (const line of lines) take(line);
      return events.splice(0);
    },
  };
}
