import { randomBytes } from 'node:crypto';

/** Users without any rights, for tests to bind RBAC to by their username. */
export const plainUsers = [
  'countersign-planner',
  'countersign-writer',
  'countersign-reader',
  'countersign-secrets',
  'nobody',
] as const;
export type PlainUser = (typeof plainUsers)[number];

/** A user as a test needs it: the name that RBAC knows, and how to be it. */
export interface TestUser {
  readonly username: string;
  readonly token: string;
}

/** The users that the control plane's own parts are, under the names that Kubernetes binds roles to. */
export const componentUsers = {
  admin: { username: 'countersign-test-admin', groups: ['system:masters'] },
  controllerManager: { username: 'system:kube-controller-manager', groups: [] },
  scheduler: { username: 'system:kube-scheduler', groups: [] },
  kwok: { username: 'countersign-test-kwok', groups: ['system:masters'] },
} as const;

/** The user of the client certificate. */
export const certificateUser = { user: 'countersign-test-certificate', group: 'system:masters' } as const;

export const newToken = (): string => randomBytes(24).toString('base64url');

/** The lines of a token file: token, user, uid, and the groups in quotes. */
export function tokenFile(entries: readonly { username: string; token: string; groups: readonly string[] }[]): string {
  return entries
    .map(({ username, token, groups }) => {
      const fields = [token, username, username];
      return [...fields, ...(groups.length > 0 ? [`"${groups.join(',')}"`] : [])].join(',');
    })
    .map((line) => `${line}\n`)
    .join('');
}
