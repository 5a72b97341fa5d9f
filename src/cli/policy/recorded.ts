import { readAttached } from '../../audit/attached.ts';
import { tail } from '../../audit/tail.ts';
import type { DecisionInput, Target } from '../../domain/decision.ts';
import type { Facts } from '../../domain/facts/facts.ts';
import { parseFacts } from '../../domain/facts/recorded.ts';
import type { ObjectFacts } from '../../domain/facts/spec.ts';
import { type JsonObject, numberAt, stringAt } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal.ts';

/** A call of the audit log, ready to be decided again. */
export interface RecordedCall {
  readonly invocation: string;
  readonly time: string;
  readonly input: DecisionInput;
  /** What was decided then; undefined: the log does not say. */
  readonly verdict: string | undefined;
}

export interface Recorded {
  readonly calls: readonly RecordedCall[];
  /** Planned calls without facts that can be read, such as those of an older version. */
  readonly unreadable: number;
}

/** Calls that were planned, by time; of a call that was planned again the last. Reads and calls refused before are not there. */
export async function recordedCalls(
  folder: string,
  wanted: (invocation: string) => boolean = () => true,
): Promise<Recorded> {
  const decided = await byInvocation(folder, 'Decided', wanted);
  const planned = await byInvocation(folder, 'Planned', wanted);
  const calls: RecordedCall[] = [];
  let unreadable = 0;
  for (const [invocation, line] of planned) {
    const facts = await factsOf(folder, line);
    if (facts === undefined) unreadable++;
    else calls.push(recorded(invocation, line, decided.get(invocation), facts));
  }
  return { calls, unreadable };
}

async function byInvocation(
  folder: string,
  type: string,
  wanted: (invocation: string) => boolean,
): Promise<ReadonlyMap<string, JsonObject>> {
  const lines = new Map<string, JsonObject>();
  for await (const line of tail(folder, { type })) {
    const invocation = stringAt(line, 'invocation') ?? '';
    if (wanted(invocation)) lines.set(invocation, line);
  }
  return lines;
}

async function factsOf(folder: string, line: JsonObject): Promise<Facts | undefined> {
  const digest = stringAt(line, 'factsDigest');
  const text = digest === undefined ? stringAt(line, 'facts') : await readAttached(folder, digest);
  try {
    return text === undefined ? undefined : parseFacts(text);
  } catch (thrown) {
    if (thrown instanceof TypeError || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function recorded(invocation: string, line: JsonObject, decided: JsonObject | undefined, facts: Facts): RecordedCall {
  const time = stringAt(line, 'time') ?? '';
  return {
    invocation,
    time,
    verdict: decided === undefined ? undefined : stringAt(decided, 'verdict'),
    input: {
      principal: principalOf(line, decided ?? {}),
      maskHits: numberAt(decided, 'maskHits') ?? 0,
      tool: stringAt(line, 'tool') ?? '',
      cluster: stringAt(line, 'cluster') ?? '',
      targets: facts.objects.map(targetOf),
      facts,
      now: Date.parse(time),
    },
  };
}

function principalOf(line: JsonObject, decided: JsonObject): Principal {
  const groups = Array.isArray(decided.groups) ? decided.groups : [];
  const client = stringAt(decided, 'clientId');
  const person = stringAt(line, 'actingFor');
  return {
    issuer: stringAt(decided, 'issuer') ?? '',
    subject: stringAt(decided, 'subject') ?? '',
    groups: groups.filter((group): group is string => typeof group === 'string'),
    agent: stringAt(line, 'principal') ?? '',
    ...(client === undefined ? {} : { client }),
    ...(person === undefined ? {} : { person }),
    verified: decided.verified === true,
  };
}

const verbs: readonly Target['access']['verb'][] = ['get', 'list', 'create', 'patch', 'delete'];

/** Its verb is one that the log could hold, else the strictest. */
const targetOf = ({ verb, subresource, resource, namespace, name }: ObjectFacts): Target => ({
  resourceGroup: resource,
  access: {
    verb: verbs.find((each) => each === verb) ?? 'delete',
    ...(subresource === '' ? {} : { subresource }),
  },
  namespace: namespace === '' ? null : namespace,
  ...(name === '' ? {} : { name }),
});
