import { asciiLine } from '../approval/escape.ts';
import type { Composition } from '../composition.ts';
import { iso } from '../domain/environment.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import { type ListedSession, openSessionFiles } from '../identity/session-files.ts';
import type { Suspension } from '../identity/suspensions.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { putInForce, suspendedWords } from './principals.ts';
import { operator, type StateOptions, withState } from './state-access.ts';

/** Of all processes. What is printed names a session and does not let anybody go on with it. */
export const listSessions = (options: StateOptions, io: Io): Promise<ExitCode> =>
  withState(options, io, async ({ state }) => {
    const found = await (await openSessionFiles(state)).list();
    if (options.json === true) json(io, found.map(plain));
    else if (found.length === 0) line(io, 'No open sessions.');
    else for (const session of found) line(io, words(session));
    return 0;
  });

export interface RevokeOptions extends StateOptions {
  /** Whose they are is suspended too. */
  readonly suspend?: boolean;
  readonly reason?: string;
}

/** Ends them in whichever process has them. 1: a name fits none. */
export const revokeSessions = (names: readonly string[], options: RevokeOptions, io: Io): Promise<ExitCode> =>
  withState(options, io, async (composition) => {
    if (options.reason !== undefined && options.suspend !== true)
      throw invalid('--reason is what a suspended agent is told: give it with --suspend');
    const files = await openSessionFiles(composition.state);
    const open = await files.list();
    const revoked = new Map<string, ListedSession>();
    for (const name of names) {
      const found = open.filter((session) => fits(session, name));
      if (found.length === 0)
        throw new CountersignError('NotFound', `no open session is ${asciiLine(name)}, nothing was revoked`, {
          hint: 'see: countersign sessions list',
        });
      for (const session of found) revoked.set(session.id, session);
    }
    // First who would begin another one.
    const suspended = options.suspend === true ? await suspendAll(composition, revoked.values(), options.reason) : [];
    for (const session of revoked.values()) {
      // First what stops it: a log that cannot be written must not keep a session open.
      if (await files.revoke(session.id)) await recordRevoked(composition, session);
    }
    if (options.json === true) json(io, [...revoked.values()].map(plain));
    else told(io, [...revoked.values()], suspended, options);
    return 0;
  });

/** By issuer and subject: a client or an agent may be the name of many people's. */
async function suspendAll(
  composition: Composition,
  sessions: Iterable<ListedSession>,
  reason = '',
): Promise<readonly Suspension[]> {
  const made: Suspension[] = [];
  for (const { subject: name, issuer } of holdersOf(sessions)) {
    const suspension = await putInForce(composition, { name, issuer, reason });
    if (suspension !== undefined) made.push(suspension);
  }
  return made;
}

function holdersOf(sessions: Iterable<ListedSession>): Iterable<ListedSession['principal']> {
  const holders = new Map<string, ListedSession['principal']>();
  for (const { principal } of sessions) holders.set(JSON.stringify([principal.issuer, principal.subject]), principal);
  return holders.values();
}

/** A session that ends is not somebody kept out: an operator who takes it for that would go away too early. */
function told(
  io: Io,
  revoked: readonly ListedSession[],
  suspended: readonly Suspension[],
  { suspend }: RevokeOptions,
): void {
  for (const session of revoked) line(io, `revoked  ${words(session)}`);
  for (const suspension of suspended) line(io, suspendedWords(suspension));
  if (suspend === true) return;
  line(io, 'Whoever has a good token, or starts a stdio server again, can begin another session. To keep them out:');
  for (const { issuer, subject } of holdersOf(revoked))
    line(io, asciiLine(`  countersign principals suspend ${quoted(subject)} --issuer ${quoted(issuer)}`));
}

/** As a shell takes it for one word. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The beginning of its name, eight letters at least, or whose it is. */
const fits = ({ id, principal }: ListedSession, name: string): boolean =>
  (name.length >= 8 && id.startsWith(name)) || [principal.agent, principal.person].includes(name);

const recordRevoked = (composition: Composition, { id, principal, client, transport }: ListedSession): Promise<void> =>
  composition.audit.append({
    type: 'SessionEnded',
    invocation: '',
    fields: {
      ...{ session: ident(id), principal: ident(principal.agent), issuer: ident(principal.issuer) },
      ...(principal.person === undefined ? {} : { actingFor: ident(principal.person) }),
      ...{ client: ident(client.name.slice(0, 64)), channel: ident(transport) },
      ...{ state: ident('revoked'), by: ident(operator(composition)) },
    },
  });

const words = ({ id, principal, client, transport, startedAt, lastSeen }: ListedSession): string =>
  asciiLine(
    [
      ...[id.slice(0, 12), principal.agent, principal.person ?? 'nobody known', transport],
      ...[`${client.name} ${client.version}`, `since ${iso(startedAt)}`, `last seen ${iso(lastSeen)}`],
    ].join('  '),
  );

const plain = ({ id, principal, client, transport, startedAt, expiresAt, lastSeen }: ListedSession): object => ({
  ...{ session: id, issuer: principal.issuer, subject: principal.subject, agent: principal.agent },
  ...{ person: principal.person, verified: principal.verified, client, transport },
  ...{ startedAt: iso(startedAt), expiresAt: iso(expiresAt), lastSeen: iso(lastSeen) },
});
