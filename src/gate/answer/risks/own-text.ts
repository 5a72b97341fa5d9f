import type { ObjectEffect } from '../../../domain/effect.ts';
import { ident, say } from '../../../domain/masked.ts';
import type { Masker } from '../../../domain/masker.ts';
import type { PlannedRequest } from '../../../domain/request.ts';
import { few, type Risk, risk } from './risk.ts';

/**
 * What the agent wrote itself is echoed and not masked, so that the mask answers no guess; but an agent that writes what a Secret
 * holds got it from somewhere, or puts it where others can read it. Only approvers see this line.
 */
export function ownTextRisks(
  masker: Masker,
  cluster: string,
  request: PlannedRequest | undefined,
  effect: ObjectEffect | undefined,
): readonly Risk[] {
  const written = [...ofProgram(request), ...ofChanges(effect)].join('\n');
  if (written === '') return [];
  const sources = new Set<string>();
  masker.text(written, { ...masker.held(cluster), onHit: (source) => sources.add(source) });
  const named = few([...sources].map((source) => say`${ident(source)}`));
  return risk(sources.size > 0, 'exposes', say`the agent itself wrote what is in ${named}`);
}

const ofProgram = (request: PlannedRequest | undefined): readonly string[] =>
  request?.action === 'exec' ? [...request.command, request.stdin ?? ''] : [];

/** What is hidden is a token by now, and was to be written there. */
const ofChanges = (effect: ObjectEffect | undefined): readonly string[] =>
  (effect?.changes ?? []).flatMap(({ hidden, to }) => {
    if (hidden || to === undefined) return [];
    return [typeof to === 'string' ? to : JSON.stringify(to)];
  });
