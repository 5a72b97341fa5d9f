import { userInfo } from 'node:os';
import type { PeopleRegistry } from '../domain/approval.ts';
import { CountersignError } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import type { Principal } from '../domain/principal.ts';

/**
 * The caller over stdio without a token: whoever runs the process, not verified. The person behind the agent is the one that
 * the people registry has for this user of the operating system; without a record it is nobody.
 */
export function localPrincipal(osUser: string, people: Pick<PeopleRegistry, 'byOsUser'>): Principal {
  const name = ident(osUser);
  const person = people.byOsUser(osUser);
  return {
    issuer: 'local',
    subject: name,
    groups: [],
    agent: `local:${name}`,
    ...(person === undefined ? {} : { person: person.id }),
    verified: false,
  };
}

/** Whose process this is. */
export interface LocalProcess {
  readonly username: string;
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Who runs this process. In a container the user often has a number and no name; `uid:65532` is what it is called then, in
 * `osUsers` too. No account can have that name: `:` ends a name in passwd(5).
 */
export function processUser(info: typeof userInfo = userInfo): Pick<LocalProcess, 'username' | 'uid'> {
  try {
    const { username, uid } = info();
    return { username, uid };
  } catch (thrown) {
    const uid = process.getuid?.();
    if (uid === undefined) throw thrown;
    return { username: `uid:${uid}`, uid };
  }
}

/**
 * The operating system user at the other end of this process. With `sudo` it is who ran `sudo -u <owner> countersign …`, so
 * that callers and voters are not the owner of the state; otherwise it is the process's own user. Who can set SUDO_USER
 * without sudo is the owner already.
 * @throws Unauthorized with `sudo`, when another user did not start this process
 */
export function localUser(local: 'off' | 'enabled' | 'sudo', { username, uid, env }: LocalProcess): string {
  if (local !== 'sudo') return username;
  const { SUDO_USER: name, SUDO_UID: by } = env;
  if (name !== undefined && name !== '' && by !== undefined && /^\d+$/.test(by) && Number(by) !== uid) return name;
  throw new CountersignError(
    'Unauthorized',
    'approvals.local is sudo, and this process was not started by another user through sudo',
    { hint: `start it as \`sudo -u ${username} countersign …\`` },
  );
}
