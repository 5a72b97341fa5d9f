import type { Approval } from '../domain/approval.ts';
import type { Change, ObjectEffect } from '../domain/effect.ts';
import { CountersignError } from '../domain/errors.ts';
import { isJsonObject, type Json, type JsonObject, listAt, stringAt } from '../domain/json.ts';
import { open } from '../domain/masked.ts';
import { objectId, objectLabel } from '../domain/resource.ts';
import { liveText, pathText, valueText } from './answer/render.ts';
import type { Call } from './call.ts';
import type { Gate, Prepared } from './gate.ts';

const mostPaths = 10;

/** What people saw of each object when they were asked, in digest form: kept sealed, to say later what is different. */
export const seenOf = (effects: readonly ObjectEffect[]): Json =>
  effects.map(({ object, uid, changes }) => ({
    object: objectId(object),
    uid: uid ?? null,
    from: Object.fromEntries(changes.map(({ path, from }) => [path, from ?? null])),
  }));

/** Ends the approval, and tells the agent what is not as it was, and by whom as far as the object itself says. */
export async function drifted(
  gate: Gate,
  call: Call,
  approval: Approval,
  fresh: Prepared,
  seen: Json,
): Promise<CountersignError> {
  await gate.approvals.close(approval.id, 'drift', 'what would be changed is not what was approved');
  const told = await Promise.all(fresh.plan.effects.map((effect) => linesOf(gate, call, fresh, effect, seen)));
  return new CountersignError(
    'PlanDrifted',
    `Approved, but not executed: the object changed after people were asked. ${approval.id} is now drifted`,
    {
      lines: told.flat(),
      hint: 'check with dryRun what it would do now, and send the call again; that asks for a new approval',
      data: { approval: { id: approval.id, state: 'drifted', digest: approval.planDigest }, changed: told.flat() },
    },
  );
}

async function linesOf(
  gate: Gate,
  call: Call,
  fresh: Prepared,
  effect: ObjectEffect,
  seen: Json,
): Promise<readonly string[]> {
  const before = entryOf(seen, objectId(effect.object));
  if (before === undefined) return [];
  const label = objectLabel(effect.object);
  if (stringAt(before, 'uid') !== effect.uid) {
    const what = before.uid === null ? 'exists by now' : 'is another object of that name by now';
    return [`${label} ${what}${await writtenBy(call, fresh, effect)}`];
  }
  const from = isJsonObject(before.from) ? before.from : {};
  const moved = effect.changes.filter((change) => change.path in from && !same(from[change.path], change.from));
  if (moved.length === 0) return [];
  const ownerOf = (path: string): string => {
    const owned = [...effect.takes, ...effect.shares].find((each) => each.path === path);
    return owned === undefined ? '' : `, manager ${JSON.stringify(owned.manager)}`;
  };
  const lines = moved
    .slice(0, mostPaths)
    .map((change) => `  ${movedText(gate, change, from[change.path])}${ownerOf(change.path)}`);
  return [`${label} was changed${await writtenBy(call, fresh, effect)}`, ...lines];
}

const entryOf = (seen: Json, object: string): JsonObject | undefined =>
  (Array.isArray(seen) ? seen : []).find((each): each is JsonObject => isJsonObject(each) && each.object === object);

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

function movedText({ masker }: Gate, { path, from, to, hidden }: Change, before: Json | undefined): string {
  const where = open(pathText(masker, path));
  if (hidden) return `${where}: its masked value is another one`;
  const live = (value: Json | undefined): string => open(liveText(masker, value));
  return `${where}: was ${live(before ?? undefined)}, now ${live(from)}; yours ${open(valueText(masker, to))}`;
}

/** By the newest entry of managedFields that is no status; nothing where it cannot be read. */
async function writtenBy(call: Call, fresh: Prepared, { object }: ObjectEffect): Promise<string> {
  try {
    const live = await fresh.cluster.planning(call.context()).get(object);
    const writes = listAt(live, 'metadata', 'managedFields').filter(
      (each) => stringAt(each, 'subresource') !== 'status',
    );
    const last = [...writes].sort((a, b) => timeOf(a).localeCompare(timeOf(b))).at(-1);
    const manager = stringAt(last, 'manager');
    return manager === undefined
      ? ''
      : `, last written ${timeOf(last).slice(11)} by manager ${JSON.stringify(manager)}`;
  } catch {
    return '';
  }
}

const timeOf = (entry: Json | undefined): string => stringAt(entry, 'time') ?? '';
