import { join } from 'node:path';
import { auditId } from '../../domain/audit-id.ts';
import { type JsonObject, numberAt, stringAt } from '../../domain/json.ts';
import { chainFiles } from '../chain-files.ts';
import { parseLine } from '../line.ts';
import { scanLines } from '../scan.ts';

/** A request to an API server that our log tells of. */
export interface OurRequest {
  readonly invocation: string;
  /** Which of its requests, from 1. */
  readonly n: number;
  /** ISO 8601: of the line that counts them. */
  readonly time: string;
  readonly cluster: string | undefined;
  readonly principal: string | undefined;
  /** False: its call has no line that says how many there were, so it need not have been sent. */
  readonly certain: boolean;
}

/** Of a call whose end nobody wrote down, so many are looked for. */
const mostUncounted = 64;

/** All requests that the log of this folder tells of, by Audit-ID: told again from the seed of each chain, without a line for each. */
export async function ourRequests(folder: string): Promise<ReadonlyMap<string, OurRequest>> {
  const requests = new Map<string, OurRequest>();
  for (const file of chainFiles(folder)) {
    const calls = new Map<string, Counted>();
    let seed: Uint8Array | undefined;
    await scanLines(join(folder, file), 0, (bytes) => {
      if (!bytes.includes('"auditIds":') && !begins.some((type) => bytes.includes(type))) return;
      const line = parseLine(bytes);
      if (line.type === 'ChainOpened') seed = Buffer.from(stringAt(line, 'auditIdSeed') ?? '', 'hex');
      else take(calls, line);
    });
    if (seed === undefined) continue;
    for (const [invocation, call] of calls) tell(requests, seed, invocation, call);
  }
  return requests;
}

const begins = ['"type":"ChainOpened"', '"type":"RequestReceived"'];

interface Counted {
  count: number | undefined;
  line: JsonObject;
}

function take(calls: Map<string, Counted>, line: JsonObject): void {
  const invocation = stringAt(line, 'invocation') ?? '';
  const counted = numberAt(line, 'auditIds');
  const known = calls.get(invocation);
  if (known === undefined) calls.set(invocation, { count: counted, line });
  else if (counted !== undefined && counted >= (known.count ?? 0)) {
    known.count = counted;
    known.line = line;
  }
}

function tell(requests: Map<string, OurRequest>, seed: Uint8Array, invocation: string, { count, line }: Counted): void {
  const facts = {
    invocation,
    time: stringAt(line, 'time') ?? '',
    cluster: stringAt(line, 'cluster'),
    principal: stringAt(line, 'principal'),
    certain: count !== undefined,
  };
  for (let n = 1; n <= (count ?? mostUncounted); n++) requests.set(auditId(seed, invocation, n), { ...facts, n });
}
