import { isJsonObject, type Json, listAt, stringAt } from '../domain/json.ts';

export interface ExecStatus {
  readonly exitCode: number | undefined;
  /** Raw; undefined where the exit code says it all. */
  readonly reason: string | undefined;
}

/** The last word of the server, a Status on channel 3. A failure that is no exit code (the runtime's, the network's) leaves it unknown. */
export function parseExecStatus(text: string): ExecStatus {
  const status = parse(text);
  if (stringAt(status, 'status') === 'Success') return { exitCode: 0, reason: undefined };
  const cause = listAt(status, 'details', 'causes').find((each) => stringAt(each, 'reason') === 'ExitCode');
  const code = Number(stringAt(cause, 'message') ?? 'none');
  if (Number.isInteger(code)) return { exitCode: code, reason: undefined };
  return { exitCode: undefined, reason: stringAt(status, 'message') ?? text };
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
