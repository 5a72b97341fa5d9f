import type { PlanCard } from '../../domain/approval.ts';
import type { Ownership } from '../../domain/effect.ts';
import type { ObjectFacts } from '../../domain/facts/spec.ts';
import { ident, join, type Masked, say } from '../../domain/masked.ts';
import type { Masker } from '../../domain/masker.ts';
import type { Plan } from '../../domain/plan.ts';
import type { PlannedRequest } from '../../domain/request.ts';
import { objectId } from '../../domain/resource.ts';
import { accessRisks } from './risks/access.ts';
import { changeRisks } from './risks/change.ts';
import { ownTextRisks } from './risks/own-text.ts';
import { podRisks } from './risks/pods.ts';
import { lastDanger, type Risk } from './risks/risk.ts';

/** Lines about different objects: beyond that many, the rest is counted. */
const objectsNamed = 10;

/** What an approver should see first, the worst first, one a line; apart from it what they should only bear in mind. */
export function risksOf(
  masker: Masker,
  { facts, requests, effects, cluster }: Plan,
): Required<Pick<PlanCard, 'risks' | 'notes'>> {
  const found = facts.objects.flatMap((object, index) =>
    [
      ...risksIn(masker, object, effects[index]?.takes ?? []),
      ...ownTextRisks(masker, cluster.name, requests[index], effects[index]),
    ].map((risk) => ({ ...risk, object: nameOf(requests[index]) })),
  );
  const groups = new Map<string, typeof found>();
  for (const risk of found.toSorted((a, b) => a.danger - b.danger)) {
    const same = groups.get(risk.key);
    if (same === undefined) groups.set(risk.key, [risk]);
    else same.push(risk);
  }
  const several = facts.objects.length > 1;
  const pods = facts.call.podsAffected;
  const lines = (dangerous: boolean): readonly Masked<string>[] =>
    [...groups.values()]
      .filter(([first]) => first !== undefined && first.danger <= lastDanger === dangerous)
      .map((risks) => lineOf(risks, several));
  return {
    risks: lines(true),
    notes: [...lines(false), ...(pods === undefined || pods < 2 ? [] : [say`affects up to ${pods} pods`])],
  };
}

const risksIn = (masker: Masker, facts: ObjectFacts, takes: readonly Ownership[]): readonly Risk[] => [
  ...changeRisks(masker, facts, takes),
  ...podRisks(masker, facts),
  ...accessRisks(masker, facts),
];

const nameOf = (request: PlannedRequest | undefined): string =>
  request === undefined || request.action === 'list' ? '' : objectId(request.object);

function lineOf(risks: readonly (Risk & { readonly object: string })[], several: boolean): Masked<string> {
  const [first] = risks;
  if (first === undefined) return say``;
  if (!several) return first.words;
  const names = [...new Set(risks.map(({ object }) => object))];
  const more = names.length - objectsNamed;
  const named = join(
    names.slice(0, objectsNamed).map((name) => say`${ident(name)}`),
    say`, `,
  );
  return more > 0 ? say`${first.words} (${named} and ${more} more)` : say`${first.words} (${named})`;
}
