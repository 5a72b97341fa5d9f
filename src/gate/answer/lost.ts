import type { Json } from '../../domain/json.ts';
import { compose, ident, say } from '../../domain/masked.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { keepable } from '../kept.ts';

export interface LostRun {
  readonly id: string;
  readonly cluster: string;
  /** How it ended, as far as the log says. */
  readonly command: 'succeed' | 'fail' | 'lose';
}

/** What the agent of a run is told whose process died with the answer. */
export const lostResult = (lost: LostRun): Json => keepable(outcomeOf(lost));

function outcomeOf({ id, cluster, command }: LostRun): Outcome {
  const approval = ident(id);
  const where = ident(cluster);
  const states = { succeed: 'executed', fail: 'failed', lose: 'unknown' } as const;
  const said = {
    succeed: say`Executed in cluster ${where}, approval ${approval}; its details were lost with the process that ran it.`,
    fail: say`Not executed in cluster ${where}: the process that used approval ${approval} died or was refused, and nothing of it goes on.`,
    lose: say`Outcome unknown in cluster ${where}: the process that ran approval ${approval} died while the request was under way.`,
  };
  const next = {
    succeed: say`Look at the objects with get.`,
    fail: say`Look at the objects with get; send the call again if it is still wanted, which asks for a new approval.`,
    lose: say`Nobody knows whether this was done, and it is not tried again. Look at the objects with get before anything else.`,
  };
  return {
    status: states[command],
    message: said[command],
    next: next[command],
    data: compose({ cluster: where, approval: { id: approval, state: ident(states[command]) } }),
    text: undefined,
  };
}
