import type { Approval, PlanCard } from '../../domain/approval.ts';
import type { Change, ObjectEffect, Ownership } from '../../domain/effect.ts';
import type { Json } from '../../domain/json.ts';
import { ident, join, type Masked, say } from '../../domain/masked.ts';
import type { Masker } from '../../domain/masker.ts';
import type { Plan } from '../../domain/plan.ts';
import { objectLabel, resourceGroup } from '../../domain/resource.ts';
import { risksOf } from './risks.ts';

/**
 * For whom a diff is rendered. An approver reads of a masked leaf whether it is new, changed or unchanged; an agent does not,
 * because "unchanged" would answer a guess.
 */
export type Reader = 'agent' | 'approver';

export function planCard(masker: Masker, plan: Plan, reason: string): PlanCard {
  return {
    summary: summaryOf(masker, plan),
    ...risksOf(masker, plan),
    diff: planDiff(masker, plan, 'approver'),
    reason: masker.echo(oneLine(reason)),
  };
}

export const planDiff = (masker: Masker, plan: Plan, reader: Reader): Masked<string> =>
  join(
    plan.effects.map((effect, index) => join(effectLines(masker, effect, plan.requests[index], reader), say`\n`)),
    say`\n`,
  );

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** `Deployment shop/web, spec.replicas 3 -> 5`: what is planned, in one line. */
export function summaryOf(masker: Masker, plan: Plan): Masked<string> {
  const parts = plan.effects.map((effect, index) => summarize(masker, effect, plan.requests[index]));
  const shown = parts.slice(0, 3);
  const more = parts.length - shown.length;
  const all = join(shown, say`; `);
  return more > 0 ? say`${all}; and ${more} more` : all;
}

function summarize(
  masker: Masker,
  effect: ObjectEffect,
  request: Plan['requests'][number] | undefined,
): Masked<string> {
  const label = objectLabel(effect.object);
  switch (effect.action) {
    case 'delete':
      return say`${label} deleted${goesWith(effect)}`;
    case 'exec':
      return say`${label}, ${commandOf(masker, request)}`;
    case 'create':
      return say`${label} created`;
    case 'unchanged':
      return say`${label} unchanged`;
    default:
      return changesInBrief(masker, effect);
  }
}

function changesInBrief(masker: Masker, effect: ObjectEffect): Masked<string> {
  const label = objectLabel(effect.object);
  const real = effect.changes.filter((change) => isGuarded(change) || !same(change.from, change.to));
  const [only] = real;
  if (only === undefined) return say`${label} unchanged`;
  if (real.length > 1) return say`${label}, ${real.length} changes`;
  return say`${label}, ${pathText(masker, only.path)} ${fromTo(masker, only, 'agent')}`;
}

function commandOf(masker: Masker, request: Plan['requests'][number] | undefined): Masked<string> {
  if (request?.action !== 'exec') return say``;
  const argv = masker.echo(JSON.stringify(request.command));
  const stdin = request.stdin === undefined ? '' : `, ${Buffer.byteLength(request.stdin)} bytes on its standard input`;
  return say`run ${argv} in container ${ident(request.container)}${ident(stdin)}`;
}

function goesWith(effect: ObjectEffect): Masked<string> {
  const counts = effect.deletesWith ?? [];
  if (counts.length === 0) return say``;
  const words = counts.map(({ resourceGroup, count }) =>
    count === undefined ? say`${ident(resourceGroup)} not counted` : say`${count} ${ident(resourceGroup)}`,
  );
  return say`, and with it ${join(words, say`, `)}`;
}

/** The lines that tell one object's effect: a heading, then a line a change. */
export function effectLines(
  masker: Masker,
  effect: ObjectEffect,
  request: Plan['requests'][number] | undefined,
  reader: Reader,
): readonly Masked<string>[] {
  const heading = say`${objectLabel(effect.object)} ${ident(headings[effect.action])}${goesWith(effect)}`;
  const lines = [
    ...servedAs(effect),
    ...(effect.action === 'exec' ? [commandOf(masker, request)] : []),
    ...(reader === 'approver' ? hiddenOptions(masker, request) : []),
    ...effect.changes.map((change) => say`${pathText(masker, change.path)}: ${fromTo(masker, change, reader)}`),
    ...effect.removes.map((path) => say`${pathText(masker, path)}: removed`),
    ...effect.takes.map((owned) => say`${pathText(masker, owned.path)}: taken over from ${masker.echo(owned.manager)}`),
    ...effect.stays.slice(0, 20).map((path) => say`${pathText(masker, path)}: not in the manifest, stays as it is`),
    ...effect.allocated.map((path) => say`${pathText(masker, path)}: allocated by the server`),
    ...effect.varies.map((path) => say`${pathText(masker, path)}: set by admission, varies`),
    ...(effect.finalizers ?? []).map((finalizer) => say`waits for finalizer ${masker.echo(finalizer)}`),
    ...(effect.terminating === true ? [say`is being deleted already`] : []),
    ...(effect.unknown === undefined ? [] : [say`effect unknown: ${masker.echo(effect.unknown)}`]),
    ...effect.warnings.map((warning) => say`warning: ${masker.text(warning)}`),
  ];
  return [heading, ...lines.map((line) => say`  ${line}`)];
}

/** Another group may have a kind of the same name: which one it is, is said wherever it is not Kubernetes' own. */
const servedAs = ({ object: { type } }: ObjectEffect): readonly Masked<string>[] =>
  type.servedBy === 'built-in' ? [] : [say`resource ${ident(resourceGroup(type))}, ${ident(type.servedBy)}`];

/** What is sent beside the change itself and is no path of the object. */
function hiddenOptions(masker: Masker, request: Plan['requests'][number] | undefined): readonly Masked<string>[] {
  if (request?.action === 'exec' && request.stdin !== undefined)
    return [say`standard input ${masker.echo(JSON.stringify(request.stdin))}`];
  if (request?.action !== 'delete') return [];
  const grace = request.gracePeriodSeconds;
  return [
    ...(request.propagationPolicy === 'Background' ? [] : [say`cascade ${ident(request.propagationPolicy)}`]),
    ...(grace === undefined ? [] : [say`grace period ${grace} s`]),
  ];
}

const headings: Readonly<Record<ObjectEffect['action'], string>> = {
  create: 'is created',
  configure: 'is changed',
  unchanged: 'stays as it is',
  delete: 'is deleted',
  scale: 'is scaled',
  exec: 'runs a program',
};

function fromTo(masker: Masker, change: Change, reader: Reader): Masked<string> {
  if (change.hidden) return reader === 'agent' ? say`[masked]` : say`[masked, ${ident(hiddenState(change))}]`;
  if (change.from === undefined) return say`${valueText(masker, change.to)} (new)`;
  if (change.to === undefined) return say`${liveText(masker, change.from)} -> (removed)`;
  if (same(change.from, change.to) && !(reader === 'agent' && isGuarded(change)))
    return say`${valueText(masker, change.to)} (as it is)`;
  return say`${liveText(masker, change.from)} -> ${valueText(masker, change.to)}`;
}

/** An agent does not learn whether what it sent is what is there. */
const isGuarded = ({ hidden, copy }: Change): boolean => hidden || copy === true;

const hiddenState = ({ from, to }: Change): string =>
  from === undefined ? 'new' : to === undefined ? 'removed' : same(from, to) ? 'unchanged' : 'changed';

const same = (a: Json | undefined, b: Json | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * A value as people read it, on one line. A leaf with a secret in it is a token by now, so nothing else is masked or taken out:
 * what looks like an error's quotation or stands between unseen characters is sent like the rest, and must be seen.
 */
export const valueText = (masker: Masker, value: Json | undefined): Masked<string> =>
  value === undefined ? say`(none)` : masker.echo(plainText(value));

/** What is in the cluster, and was not sent by the caller: it can hold what somebody copied from a Secret. */
export const liveText = (masker: Masker, value: Json | undefined): Masked<string> =>
  value === undefined ? say`(none)` : masker.live(plainText(value));

function plainText(value: Json): string {
  const text = typeof value === 'string' && !/[\n\t\u2028\u2029]/.test(value) ? value : JSON.stringify(value);
  return text.replace(/hmac-sha256:[\w-]+:[0-9a-f]{64}/g, '[masked]');
}

/** A path names what is there, and an element of a set by its value (`[=x]`), which can be one that somebody copied from a Secret. */
export const pathText = (masker: Masker, path: string): Masked<string> =>
  path.includes('[=') ? masker.live(path) : masker.echo(path);

export function ownershipLine(masker: Masker, owned: Ownership): Masked<string> {
  const who = say`${pathText(masker, owned.path)}: ${masker.echo(owned.manager)}`;
  if (owned.hidden) return say`${who}; its value is masked`;
  return say`${who}; now ${liveText(masker, owned.live)}, yours ${valueText(masker, owned.yours)}`;
}

/** `0 of 1 from group sre`. */
export function needsOf(approval: Pick<Approval, 'have' | 'need' | 'requirement'>): Masked<string> {
  const groups = approval.requirement.slots.flatMap(({ group }) => group ?? []);
  const from = groups.length === 0 ? '' : ` from ${groups.length === 1 ? 'group' : 'groups'} ${groups.join(', ')}`;
  return say`${approval.have} of ${approval.need}${ident(from)}`;
}
