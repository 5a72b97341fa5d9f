import type { ApprovalChannel, PeopleRegistry } from '../../domain/approval.ts';

/** Where no push is needed: people look with `countersign approvals`. Off unless the configuration enables it. */
export const createTerminalChannel = (options: {
  readonly local: 'enabled' | 'off';
  readonly people: PeopleRegistry;
}): ApprovalChannel => ({
  name: 'terminal',
  place: 'the terminal (countersign approvals)',
  reachable: () => {
    if (options.local !== 'enabled')
      return { ok: false, hint: 'set approvals.local: enabled to vote with countersign approvals on this machine' };
    if (!options.people.all().some((person) => person.osUsers.length > 0))
      return { ok: false, hint: 'name under people, in osUsers, which operating system user votes as which person' };
    return { ok: true };
  },
  post: async () => undefined,
  update: async () => undefined,
});
