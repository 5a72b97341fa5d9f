import type { ApprovalChannel, PeopleRegistry } from '../../domain/approval.ts';

export interface TerminalOptions {
  /** `enabled`: the user of this process votes. `sudo`: whoever may run `countersign approvals` as that user through sudo. */
  readonly local: 'off' | 'enabled' | 'sudo';
  readonly people: PeopleRegistry;
  /** The user of this process: the state directory lets in nobody else. */
  readonly osUser: string;
}

/** Where no push is needed: people look with `countersign approvals`. Off unless the configuration says who may vote there. */
export const createTerminalChannel = ({ local, people, osUser }: TerminalOptions): ApprovalChannel => ({
  name: 'terminal',
  place: 'the terminal (countersign approvals)',
  reachable: () => {
    if (local === 'off') return { people: [], hint: 'set approvals.local: sudo, or enabled to vote as this user' };
    if (local === 'sudo') {
      const voters = people.all().filter((person) => person.osUsers.length > 0);
      return {
        people: voters,
        hint: 'name under people, in osUsers, which operating system user votes as which person',
      };
    }
    const person = people.byOsUser(osUser);
    return {
      people: person === undefined ? [] : [person],
      hint: `with approvals.local: enabled only ${osUser} votes: name that user in osUsers of a record under people, and let a rule say ownerMay; or use approvals.local: sudo, so that others vote`,
    };
  },
  post: async () => undefined,
  update: async () => undefined,
  // A vote at the terminal is recorded before its command ends.
  caughtUp: async () => undefined,
});
