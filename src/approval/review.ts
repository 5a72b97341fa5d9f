import type { Approval, ReviewRequest } from '../domain/approval.ts';
import { brokenGlass } from '../domain/approval-exceptions.ts';
import { isOwner } from '../domain/approval-state.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import { approvalLine } from './audit-lines.ts';
import { cleanComment } from './comment.ts';
import type { Context } from './context.ts';
import type { Current } from './current.ts';
import { announce, current, reread } from './finish.ts';
import { encode } from './record.ts';

/** The line first, durable; then the file, once: of two who review at one moment the first one has. */
export async function review(ctx: Context, id: string, { person, comment: said }: ReviewRequest): Promise<Approval> {
  const now = await current(ctx, id);
  checkReviewer(ctx, now, person.id);
  const comment = cleanComment(ctx, said);
  await ctx.audit.append(
    approvalLine('BreakGlassReviewed', now.record, {
      by: ident(person.id),
      comment: comment === undefined ? undefined : ctx.masker.echo(comment),
      breakGlass: true,
    }),
  );
  const file = { person: person.id, comment, time: ctx.clock.now() };
  if (!(await ctx.store.put(id, 'reviewed', encode(file)))) throw reviewedBefore(await reread(ctx, id));
  return announce(ctx, await reread(ctx, id));
}

/** @throws Invalid, ApprovalDenied */
function checkReviewer(ctx: Context, now: Current, by: string): void {
  const { record, facts } = now;
  const broken = brokenGlass(facts.votes);
  if (broken === undefined)
    throw invalid(`${record.id} was not countersigned by break-glass: nothing is to be reviewed`);
  if (now.review !== undefined) throw reviewedBefore(now);
  const person = ctx.people.byId(by);
  if (person === undefined)
    throw invalid(`${by} is not in the people registry, so the review does not count`, 'add a record under people');
  if (person.id === broken.person || isOwner(person, record.principal))
    throw new CountersignError('ApprovalDenied', `${by} cannot review ${record.id}: somebody else has to`, {
      hint: 'neither who broke the glass nor the person behind the agent reviews it',
    });
}

const reviewedBefore = ({ record, review: by }: Current): CountersignError =>
  invalid(`${record.id} was reviewed already${by === undefined ? '' : ` by ${by.person}`}`);
