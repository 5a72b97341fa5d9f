import type { DryRun } from '../../domain/cluster.ts';
import { manifestDigest } from '../../domain/digest.ts';
import { applyAction } from '../../domain/effect/action.ts';
import { carryForward } from '../../domain/effect/carry-forward.ts';
import { needsForce, type OwnershipInput, ownership } from '../../domain/effect/conflicts.ts';
import { changes } from '../../domain/effect/diff.ts';
import { finalizersRemoved, isTerminating } from '../../domain/effect/finalizers.ts';
import type { ObjectEffect } from '../../domain/effect.ts';
import { isJsonObject, type JsonObject, stringAt } from '../../domain/json.ts';
import type { Path } from '../../domain/path.ts';
import type { ApplyRequest } from '../../domain/request.ts';
import type { ApplyDraft } from '../../domain/tool.ts';
import { isCode } from '../answer/refuse.ts';
import type { Completed, Completing } from './completed.ts';
import { copiesIn } from './copies.ts';
import { inDigestForm } from './digest-form.ts';
import { ownershipConflict } from './ownership-conflict.ts';
import { whyUnknown } from './unknown-effect.ts';

/** Our field manager in the cluster. */
const manager = 'countersign';
/** The first, and five more: a rollout writes between reading and trying in one of ten, a busy machine in more. */
const tries = 6;

/**
 * What server-side apply will do: read, carry forward what the manifest omits, look who owns what, dry-run twice. A writer in
 * between is a lost race, and is planned again.
 */
export async function completeApply(completing: Completing, draft: ApplyDraft): Promise<Completed> {
  const unknown = await whyUnknown(completing, draft);
  for (let attempt = 1; ; attempt++) {
    try {
      const completed = await planApply(completing, draft, unknown);
      return { ...completed, manifestDigest: digestOf(completing, draft) };
    } catch (thrown) {
      if (!isCode(thrown, 'Conflict') || thrown.conflict !== 'race' || attempt === tries) throw thrown;
    }
  }
}

async function planApply(completing: Completing, draft: ApplyDraft, unknown: string | undefined): Promise<Completed> {
  const { object, prune } = draft;
  // What the same call makes is not there yet, and asking would be an error, not an answer.
  const live =
    unknown === undefined || object.type.servedBy === 'aggregated' ? await completing.planning.get(object) : undefined;
  const carried = carryForward({ manifest: placed(draft), live, manager, prune });
  const forms = formsOf(completing, draft, carried.body, live);
  const copies = await copiesIn(completing, object, live);
  const input: OwnershipInput = {
    body: forms.body,
    live: forms.live,
    manager,
    sensitive: [...forms.sensitive, ...copies],
    force: draft.forceConflicts,
    stays: carried.stays,
  };
  refuseConflicts(completing, draft, input);
  const request = requestOf(draft, carried.body, live, needsForce(input));
  const sensitive = [...completing.gate.masker.sensitivePaths(object.type, request.body), ...copies];
  const seen = { request, sensitive, before: forms.live, body: forms.body };
  if (unknown !== undefined) return { ...seen, effect: unknownEffect(draft, forms, live, unknown) };
  const [first, second] = await dryRunTwice(completing, request);
  const { stays, removes } = carried;
  const after = inDigestForm(completing.gate, object, first.object);
  return {
    ...seen,
    after,
    effect: effectOf(completing, draft, { live, first, after, second, input, copies, stays, removes }),
  };
}

/** The manifest with the namespace where it will live; a name alone says nothing about where. */
function placed({ manifest, object }: ApplyDraft): JsonObject {
  const metadata = isJsonObject(manifest.metadata) ? manifest.metadata : {};
  const namespace = object.namespace === undefined ? {} : { namespace: object.namespace };
  return { ...manifest, metadata: { ...metadata, ...namespace } };
}

/** Digest forms: from here on, what is compared, shown and kept holds tokens instead of secrets. */
function formsOf({ gate }: Completing, { object }: ApplyDraft, body: JsonObject, live: JsonObject | undefined) {
  const pathsIn = (value: JsonObject) => gate.masker.sensitivePaths(object.type, value);
  return {
    body: inDigestForm(gate, object, body),
    live: live === undefined ? undefined : inDigestForm(gate, object, live),
    sensitive: [...pathsIn(body), ...(live === undefined ? [] : pathsIn(live))],
  };
}

function refuseConflicts({ gate }: Completing, draft: ApplyDraft, input: OwnershipInput): void {
  const { conflicts } = ownership(input);
  if (conflicts.length > 0) throw ownershipConflict(gate.masker, draft.object, conflicts);
}

function requestOf(draft: ApplyDraft, body: JsonObject, live: JsonObject | undefined, force: boolean): ApplyRequest {
  const { object } = draft;
  if (live === undefined) return { action: 'apply', mode: 'create', object, body, forceConflicts: force };
  const uid = stringAt(live, 'metadata', 'uid') ?? '';
  const metadata = isJsonObject(body.metadata) ? body.metadata : {};
  return {
    action: 'apply',
    mode: 'update',
    object,
    body: { ...body, metadata: { ...metadata, uid } },
    forceConflicts: force,
    uid,
    resourceVersion: stringAt(live, 'metadata', 'resourceVersion') ?? '',
  };
}

const dryRunTwice = ({ planning }: Completing, request: ApplyRequest): Promise<[DryRun, DryRun]> =>
  Promise.all([planning.dryRunApply(request), planning.dryRunApply(request)]);

interface Seen {
  readonly live: JsonObject | undefined;
  readonly first: DryRun;
  /** What the first says, in digest form. */
  readonly after: JsonObject;
  readonly second: DryRun;
  readonly input: OwnershipInput;
  readonly copies: readonly Path[];
  readonly stays: readonly string[];
  readonly removes: readonly string[];
}

function effectOf(completing: Completing, draft: ApplyDraft, seen: Seen): ObjectEffect {
  const { object } = draft;
  const { gate } = completing;
  const { live, first, after: dryRunA, second, input } = seen;
  const sensitive = [...input.sensitive, ...gate.masker.sensitivePaths(object.type, first.object)];
  const diff = changes({
    live: input.live,
    dryRunA,
    dryRunB: inDigestForm(gate, object, second.object),
    body: input.body,
    sensitive: sensitive.filter((path) => !seen.copies.includes(path)),
    copies: seen.copies,
    stays: seen.stays,
  });
  const { conflicts, takes, shares } = ownership({ ...input, sensitive, dryRun: dryRunA });
  if (conflicts.length > 0) throw ownershipConflict(gate.masker, object, conflicts);
  const uid = stringAt(live, 'metadata', 'uid');
  return {
    object,
    action: applyAction(live, first.object, { ...diff, removes: seen.removes, takes }),
    ...(uid === undefined ? {} : { uid }),
    ...diff,
    stays: seen.stays,
    removes: seen.removes,
    takes,
    shares,
    warnings: first.warnings,
    finalizers: finalizersRemoved(live, first.object),
    terminating: isTerminating(live),
  };
}

/** Nothing could be tried: what is submitted is shown as it is, and the fact that nobody knows more. */
function unknownEffect(
  { object }: ApplyDraft,
  forms: ReturnType<typeof formsOf>,
  live: JsonObject | undefined,
  unknown: string,
): ObjectEffect {
  const { body, sensitive } = forms;
  const uid = stringAt(live, 'metadata', 'uid');
  return {
    object,
    action: live === undefined ? 'create' : 'configure',
    ...(uid === undefined ? {} : { uid }),
    ...changes({ live: undefined, dryRunA: body, dryRunB: body, body, sensitive }),
    stays: [],
    removes: [],
    takes: [],
    shares: [],
    warnings: [],
    unknown,
  };
}

/** Of the document as a person has it; its secret leaves are keyed. */
function digestOf({ gate }: Completing, { object, manifest }: ApplyDraft): string {
  const sensitive = gate.masker.sensitivePaths(object.type, manifest);
  return manifestDigest(manifest, sensitive, gate.keyed);
}
