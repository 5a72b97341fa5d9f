import { type Approval, isOpen } from '../../domain/approval.ts';
import type { Decision } from '../../domain/decision.ts';
import type { ObjectEffect } from '../../domain/effect.ts';
import { iso } from '../../domain/environment.ts';
import { compose, ident, join, type Masked, type MaskedPart, say } from '../../domain/masked.ts';
import type { Masker } from '../../domain/masker.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { objectId } from '../../domain/resource.ts';
import type { Call } from '../call.ts';
import type { Gate, Prepared } from '../gate.ts';
import { echoing } from './echoing.ts';
import { effectLines, needsOf, planDiff, summaryOf } from './render.ts';

/** How one object of a call ended. */
export type ChangeResult =
  | 'planned'
  | 'created'
  | 'configured'
  | 'unchanged'
  | 'deleted'
  | 'terminating'
  | 'scaled'
  | 'ran'
  | 'failed'
  | 'unknown'
  | 'gone'
  | 'not attempted';

/** One member of `changes`: the object, what was to be done, how it ended, and the diff. */
export function changePart(masker: Masker, prepared: Prepared, index: number, result: ChangeResult): MaskedPart {
  const effect = prepared.plan.effects[index];
  if (effect === undefined) return undefined;
  const [, ...diff] = effectLines(masker, effect, prepared.plan.requests[index], 'agent');
  return {
    object: objectId(effect.object),
    action: ident(effect.action),
    result: ident(result),
    diff: join(diff, say`\n`),
  };
}

export const warningsOf = (masker: Masker, effects: readonly ObjectEffect[]): readonly Masked<string>[] =>
  effects.flatMap(({ warnings }) => warnings.map((warning) => masker.text(warning)));

/** What the agent reads of an approval, in every answer that has one; when it must be used only while it can be. */
export const approvalPart = (masker: Masker, approval: Approval): MaskedPart => ({
  id: ident(approval.id),
  state: ident(approval.state),
  needs: needsOf(approval),
  votes: approval.votes.map((vote) => ({
    person: ident(vote.person),
    decision: ident(vote.decision),
    time: ident(iso(vote.time)),
    comment: vote.comment === undefined ? undefined : masker.echo(vote.comment),
    breakGlass: vote.breakGlass === true ? true : undefined,
  })),
  digest: ident(approval.planDigest),
  ...(isOpen(approval.state)
    ? {
        decideBy: ident(iso(approval.decideBy)),
        useBy: approval.useBy === undefined ? undefined : ident(iso(approval.useBy)),
      }
    : {}),
});

/** `Plan sha256:…. Manifests sha256:…, sha256:….`: what a person can grep for. */
export const digestsText = (planDigest: string, manifestDigests: readonly string[]): Masked<string> =>
  manifestDigests.length === 0
    ? say`Plan ${ident(planDigest)}.`
    : say`Plan ${ident(planDigest)}. Manifests ${ident(manifestDigests.join(', '))}.`;

/** `dryRun`: effect, diff and the decision; nobody is asked, nothing changes. */
export function answerDryRun(gate: Gate, call: Call, prepared: Prepared, decision: Decision): Outcome {
  const { plan } = prepared;
  const masker = echoing(gate.masker, call);
  const diff = planDiff(masker, plan, 'agent');
  const verdict =
    decision.verdict === 'review'
      ? say`A person would be asked (rule ${ident(decision.rule ?? '')}: ${gate.masker.echo(decision.because)})`
      : say`The policy allows it without asking (rule ${ident(decision.rule ?? '')})`;
  call.note('Executed', { dryRun: true, auditIds: call.auditIds.count });
  return {
    status: 'dry_run',
    message: say`Dry run in cluster ${ident(plan.cluster.name)}, nothing was changed and nobody asked: ${summaryOf(gate.masker, plan)}. ${verdict}.`,
    next: say`Send the same call without dryRun to do it.`,
    data: compose({
      cluster: ident(plan.cluster.name),
      decision: ident(decision.verdict),
      rule: decision.rule === undefined ? undefined : ident(decision.rule),
      planDigest: ident(plan.planDigest),
      manifestDigests: plan.manifestDigests.map(ident),
      changes: plan.effects.map((_, index) => changePart(masker, prepared, index, 'planned')),
      notes: plan.notes.map((note) => gate.masker.echo(note)),
      audit: ident(call.id),
    }),
    text: join(
      [
        diff,
        ...notesText(gate.masker, plan.notes),
        say`${digestsText(plan.planDigest, plan.manifestDigests)} Audit ${ident(call.id)}.`,
      ],
      say`\n`,
    ),
  };
}

export const notesText = (masker: Masker, notes: readonly string[]): readonly Masked<string>[] =>
  notes.map((note) => say`Note: ${masker.echo(note)}`);
