import type { Approval } from '../../domain/approval.ts';
import { iso } from '../../domain/environment.ts';
import { CountersignError } from '../../domain/errors.ts';
import { open } from '../../domain/masked.ts';

const standsFor = 30 * 60_000;

/** An approval that ended without a run, as its agent is told. */
export function verdictError(approval: Approval): CountersignError {
  const { id, cluster } = approval;
  const data = { approval: { id, state: approval.state, digest: approval.planDigest } };
  switch (approval.state) {
    case 'denied':
      return deniedBy(approval);
    case 'expired':
      return new CountersignError(
        'ApprovalExpired',
        `Expired: nobody decided in time, not executed. Approval ${id}, cluster ${cluster.name}`,
        {
          hint: 'tell the user that nobody answered; send the call again if it is still wanted, which asks anew',
          data,
        },
      );
    case 'withdrawn':
      return new CountersignError(
        'ApprovalWithdrawn',
        `Withdrawn, not executed. Approval ${id}, cluster ${cluster.name}`,
        {
          hint: 'send the call again if it is wanted after all, which asks anew',
          data,
        },
      );
    case 'drifted':
      return new CountersignError(
        'PlanDrifted',
        `Not executed: the plan changed after it was shown. ${id} is drifted (${cluster.name})`,
        {
          hint: 'check with dryRun and send the call again; that asks for a new approval',
          data,
        },
      );
    default:
      return new CountersignError('Conflict', `Approval ${id} is ${approval.state} (${cluster.name})`, {
        hint: `call approval {"id":"${id}","action":"status"}`,
        data,
      });
  }
}

function deniedBy(approval: Approval): CountersignError {
  const vote = approval.votes.findLast(({ decision }) => decision === 'deny');
  const when = vote === undefined ? '' : ` at ${iso(vote.time).slice(11, 19)}Z`;
  const until = iso((vote?.time ?? approval.createdAt) + standsFor).slice(11, 16);
  const lines = [
    `Planned: ${open(approval.card.summary)}`,
    ...(vote?.comment === undefined ? [] : [`Comment: ${JSON.stringify(vote.comment)}`]),
    `The same change gets this answer until ${until}Z and asks nobody.`,
  ];
  return new CountersignError(
    'ApprovalDenied',
    `Denied by ${vote?.person ?? 'a person'}${when}, not executed. Approval ${approval.id}, cluster ${approval.cluster.name}`,
    {
      lines,
      hint: 'do what the comment asks if you can, as a new call; else give the comment to the user word for word',
      data: {
        approval: { id: approval.id, state: approval.state, digest: approval.planDigest },
        deniedBy: vote?.person ?? '',
        comment: vote?.comment ?? '',
        planned: open(approval.card.summary),
      },
    },
  );
}
