import type { Change, ObjectEffect } from '../effect.ts';
import type { ExecRequest, PlannedRequest } from '../request.ts';
import { podShapes } from './pods/shape.ts';
import type { Seen } from './seen.ts';

/** More than a person can be asked to look through: such a plan needs more than an ordinary approval, or to be split. */
export const caps = { objects: 500, changesPerObject: 2000, argv: 500, argvBytes: 65_536 } as const;

/** Control, format, private and unassigned characters: what a reader cannot see, or sees as something else. */
const unseen = /\p{C}/u;
/** As `unseen`; a script in an argument may have lines and tabs, which are shown escaped. */
const unseenInText = /(?![\n\t])\p{C}/u;

/** Arguments of programs: what the mask hides there people cannot judge. */
const program = /\.(?:args|command)\[/;

/** Why people cannot be shown this object faithfully, in words; empty: they can. `objects`: how many the whole call has. */
export function uninspectableBecause(
  { request, effect, before, after, body }: Seen,
  objects: number,
): readonly string[] {
  const looked = [before, after, body].filter((each) => each !== undefined);
  const reasons: readonly (readonly [boolean, string])[] = [
    [objects > caps.objects, `the call has more than ${caps.objects} objects`],
    [namesUnseen(request), 'a name has characters that cannot be seen'],
    [request.action === 'exec' && isLong(request), 'the command is too long to be read'],
    [request.action === 'exec' && argumentsUnseen(request), 'the command has characters that cannot be seen'],
    [effect !== undefined && isTooMuch(effect), `more than ${caps.changesPerObject} fields change`],
    [effect?.changes.some(({ path }) => unseen.test(path)) === true, 'a path has characters that cannot be seen'],
    [effect?.changes.some(hidesArgument) === true, 'an argument of a program is masked, so nobody can judge it'],
    [looked.some((object) => podShapes(object).truncated), 'the object is nested too deep or is too large'],
  ];
  return reasons.filter(([holds]) => holds).map(([, words]) => words);
}

function namesUnseen(request: PlannedRequest): boolean {
  if (request.action === 'list') return unseen.test(request.type.kind) || unseen.test(request.namespace ?? '');
  const { object } = request;
  return [object.type.kind, object.namespace ?? '', object.name].some((text) => unseen.test(text));
}

const isLong = ({ command }: ExecRequest): boolean =>
  command.length > caps.argv || Buffer.byteLength(command.join(' ')) > caps.argvBytes;

const argumentsUnseen = ({ container, command }: ExecRequest): boolean =>
  unseen.test(container) || command.some((argument) => unseenInText.test(argument));

const isTooMuch = ({ changes, takes, shares, removes }: ObjectEffect): boolean =>
  [changes, takes, shares, removes].some((list) => list.length > caps.changesPerObject);

const hidesArgument = ({ path, hidden, to }: Change): boolean => hidden && to !== undefined && program.test(path);
