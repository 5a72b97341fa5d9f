import { CountersignError } from '../domain/errors.ts';
import { ident, type Masked, say } from '../domain/masked.ts';
import type { MaskScope } from '../domain/masker.ts';
import { type ObjectRef, objectId, objectLabel } from '../domain/resource.ts';
import { isCode } from './answer/refuse.ts';
import type { Call } from './call.ts';
import type { Gate, Ready } from './gate.ts';

/**
 * What is to be hidden in what a pod wrote. Where that is not known whole the call is refused, unless every rule that lets it
 * through says `masking: reduced`: then answer and audit line say so.
 * @throws MaskingUnavailable
 */
export async function outputScope(
  gate: Gate,
  call: Call,
  { prepared, masking }: Ready,
  object: ObjectRef,
): Promise<MaskScope> {
  const cluster = prepared.plan.cluster.name;
  // Planning has read it; without it nobody knows what it spells out itself.
  const pod = prepared.pods.get(objectId(object));
  if (pod === undefined) throw new CountersignError('MaskingUnavailable', `${objectLabel(object)} was not read before`);
  try {
    return counted(call, await gate.masker.reach(cluster, object.namespace ?? '', pod));
  } catch (thrown) {
    if (masking !== 'reduced') throw thrown;
    return reduced(gate, call, cluster, thrown);
  }
}

/**
 * What is to be hidden in objects. Structure hides what is known to be a secret by its place, so a policy may let an object be
 * shown also where nobody can read the Secrets beside it; answer and audit line say so. What is in no one namespace is masked by
 * what is held.
 * @throws MaskingUnavailable
 */
export async function objectScope(
  gate: Gate,
  call: Call,
  cluster: string,
  namespace: string | undefined,
  masking: Ready['masking'],
): Promise<MaskScope> {
  if (namespace === undefined) return counted(call, gate.masker.held(cluster));
  try {
    return counted(call, await gate.masker.reach(cluster, namespace));
  } catch (thrown) {
    if (masking !== 'reduced') throw thrown;
    return reduced(gate, call, cluster, thrown);
  }
}

/** What it hides is counted, for the caller's account. */
const counted = (call: Call, { values }: MaskScope): MaskScope => ({
  values,
  onHit: (_, count) => {
    call.hits += count;
  },
});

/** @throws what is no fault of the masker's */
function reduced(gate: Gate, call: Call, cluster: string, thrown: unknown): MaskScope {
  if (!isCode(thrown, 'MaskingUnavailable')) throw thrown;
  call.story = { ...call.story, masking: ident('reduced') };
  return counted(call, gate.masker.held(cluster));
}

/** For the end of an answer; empty where everything in reach was looked for. */
export const reducedNote = (call: Call): readonly Masked<string>[] =>
  call.story.masking === undefined
    ? []
    : [
        say`Masking was reduced: the Secrets in reach could not be read, so their values were hidden by place and form only.`,
      ];
