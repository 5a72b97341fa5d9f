import type { ObjectEffect } from '../effect.ts';
import type { PlannedRequest } from '../request.ts';

/** More than a person can be asked to look through: such a plan needs more than an ordinary approval, or to be split. */
export const caps = { objects: 500, changesPerObject: 2000, argv: 500, argvBytes: 65_536 } as const;

/** Control, format, private and unassigned characters: what a reader cannot see, or sees as something else. */
const unseen = /\p{C}/u;
/** As `unseen`; a script in an argument may have lines and tabs, which are shown escaped. */
const unseenInText = /(?![\n\t])\p{C}/u;

/** Arguments of programs: what the mask hides there people cannot judge. */
const program = /\.(?:args|command)\[/;

/**
 * Whether people cannot be shown the plan faithfully: a list beyond its cap, or an identifier or argument with characters that
 * cannot be seen.
 */
export const isUninspectable = (requests: readonly PlannedRequest[], effects: readonly ObjectEffect[]): boolean =>
  requests.length > caps.objects || requests.some(isUnreadable) || effects.some(isTooLong);

function isUnreadable(request: PlannedRequest): boolean {
  if (request.action === 'list') return unseen.test(request.type.kind) || unseen.test(request.namespace ?? '');
  const { object } = request;
  if ([object.type.kind, object.namespace ?? '', object.name].some((text) => unseen.test(text))) return true;
  if (request.action !== 'exec') return false;
  const { command, container } = request;
  if (command.length > caps.argv || Buffer.byteLength(command.join(' ')) > caps.argvBytes) return true;
  return unseen.test(container) || command.some((argument) => unseenInText.test(argument));
}

const isTooLong = ({ changes, takes, shares, removes }: ObjectEffect): boolean =>
  [changes, takes, shares, removes].some((list) => list.length > caps.changesPerObject) ||
  changes.some(({ path, hidden, to }) => unseen.test(path) || (hidden && to !== undefined && program.test(path)));
