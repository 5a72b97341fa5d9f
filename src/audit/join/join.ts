import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { invalid } from '../../domain/errors.ts';
import { type JsonObject, objectAt, stringAt } from '../../domain/json.ts';
import { parseLine } from '../line.ts';
import { type OurRequest, ourRequests } from './ours.ts';

export interface JoinOptions {
  /** Names of API server users who are ours alone: whatever else they do is a stranger. */
  readonly users: readonly string[];
  /** Only this cluster's invocations, where the log is of several. */
  readonly cluster?: string;
}

export interface JoinReport {
  /** Requests that stand in both logs. */
  readonly matched: number;
  /** In ours, and not in the API server's. */
  readonly onlyOurs: readonly (OurRequest & { readonly auditId: string })[];
  /** In the API server's, by our users or in our agents' names, and not in ours. */
  readonly onlyTheirs: readonly TheirRequest[];
  /** In both, and not the same: another agent, or another invocation, than ours says. */
  readonly different: readonly { readonly auditId: string; readonly message: string }[];
  /** In ours, before the first or after the last event of the API server's log: nothing can be said. */
  readonly outside: number;
  /** Requests of the API server's log that are nobody's of ours. */
  readonly others: number;
}

interface TheirRequest {
  readonly auditId: string;
  readonly time: string;
  /** Who logged in. */
  readonly user: string;
  /** In whose name; undefined: in its own. */
  readonly as: string | undefined;
  readonly verb: string;
  readonly requestURI: string;
}

/**
 * Matches our Audit-IDs and impersonation extras with the audit log of the API server (audit.k8s.io/v1, JSON lines), both ways.
 * An Audit-ID proves nothing alone, since anybody may send one: agent and invocation in the extras must be ours as well.
 * https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
 * @throws Invalid for a file that is not such a log
 */
export async function joinLogs(folder: string, files: readonly string[], options: JoinOptions): Promise<JoinReport> {
  const ours = await ourRequests(folder);
  const theirs = new Theirs(ours, options.users);
  for (const file of files) for await (const event of eventsOf(file)) theirs.take(event);
  return theirs.report(options.cluster);
}

/** One request has several events, one for each stage. */
class Theirs {
  readonly #ours: ReadonlyMap<string, OurRequest>;
  readonly #users: ReadonlySet<string>;
  readonly #seen = new Set<string>();
  readonly #strangers = new Map<string, TheirRequest>();
  readonly #different = new Map<string, string>();
  readonly #others = new Set<string>();
  #first = '9999';
  #last = '';

  constructor(ours: ReadonlyMap<string, OurRequest>, users: readonly string[]) {
    this.#ours = ours;
    this.#users = new Set(users);
  }

  take(event: JsonObject): void {
    const id = stringAt(event, 'auditID') ?? '';
    const time = stringAt(event, 'requestReceivedTimestamp') ?? '';
    if (time !== '' && time < this.#first) this.#first = time;
    if (time > this.#last) this.#last = time;
    const our = this.#ours.get(id);
    if (our !== undefined) {
      this.#seen.add(id);
      const message = difference(our, event);
      if (message !== undefined) this.#different.set(id, message);
    } else if (this.#isOurs(event)) this.#strangers.set(id, requestOf(event, id, time));
    else this.#others.add(id);
  }

  report(cluster: string | undefined): JoinReport {
    const missing = [...this.#ours].filter(
      ([id, { certain, cluster: of }]) =>
        certain && !this.#seen.has(id) && (cluster === undefined || of === undefined || of === cluster),
    );
    // Both clocks may be a little apart, and ours is read when the call ends.
    const within = ({ time }: OurRequest): boolean => time >= this.#first && time <= this.#last;
    return {
      matched: this.#seen.size,
      onlyOurs: missing.flatMap(([auditId, our]) => (within(our) ? [{ ...our, auditId }] : [])),
      onlyTheirs: [...this.#strangers.values()],
      different: [...this.#different].map(([auditId, message]) => ({ auditId, message })),
      outside: missing.filter(([, our]) => !within(our)).length,
      others: this.#others.size,
    };
  }

  #isOurs(event: JsonObject): boolean {
    return this.#users.has(stringAt(event, 'user', 'username') ?? '') || extras(event) !== undefined;
  }
}

const prefix = 'countersign.dev/';

/** What we put into the impersonation; undefined where there is none of ours. */
function extras(event: JsonObject): { readonly agent?: string; readonly invocation?: string } | undefined {
  const extra = objectAt(event, 'impersonatedUser', 'extra');
  if (extra === undefined || !Object.keys(extra).some((key) => key.startsWith(prefix))) return undefined;
  const one = (key: string): string | undefined => {
    const values = extra[`${prefix}${key}`];
    return Array.isArray(values) ? String(values[0]) : undefined;
  };
  const [agent, invocation] = [one('agent'), one('invocation')];
  return { ...(agent === undefined ? {} : { agent }), ...(invocation === undefined ? {} : { invocation }) };
}

function difference(our: OurRequest, event: JsonObject): string | undefined {
  const said = extras(event);
  if (said === undefined) return undefined;
  if (said.invocation !== undefined && said.invocation !== our.invocation)
    return `the API server was told invocation ${said.invocation}, our log has ${our.invocation}`;
  if (our.principal !== undefined && said.agent !== undefined && said.agent !== our.principal)
    return `the API server was told agent ${said.agent}, our log has ${our.principal}`;
  return undefined;
}

const requestOf = (event: JsonObject, auditId: string, time: string): TheirRequest => ({
  auditId,
  time,
  user: stringAt(event, 'user', 'username') ?? '',
  as: stringAt(event, 'impersonatedUser', 'username'),
  verb: stringAt(event, 'verb') ?? '',
  requestURI: stringAt(event, 'requestURI') ?? '',
});

async function* eventsOf(path: string): AsyncGenerator<JsonObject, void, undefined> {
  let number = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (text.trim() === '') continue;
      const event = parseLine(text);
      if (!isEvent(event))
        throw invalid(
          `line ${number} of ${path} is not an event of audit.k8s.io/v1`,
          'give the file that --audit-log-path of the API server names, one JSON event a line',
        );
      yield event;
    }
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      throw invalid(`there is no file ${path}`, 'give the audit log of the API server');
    throw thrown;
  }
}

const isEvent = (event: JsonObject): boolean => event.kind === 'Event' && typeof event.auditID === 'string';
