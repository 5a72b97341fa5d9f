import type { Selectors } from '../domain/masker.ts';
import { isSensitiveMember } from './names.ts';
import { type Places, pathOf, reaches } from './structure/places.ts';

/** Fields that name an object and hold nothing of it. */
const naming = new Set(['metadata.name', 'metadata.namespace', 'metadata.uid', 'type']);

/**
 * The first field or label of selectors whose value would be hidden: an answer that has the object or has it not would tell by
 * guessing what the value is. Undefined: there is none.
 */
export function hiddenSelector(
  { fieldSelector = '', labelSelector = '' }: Selectors,
  places: Places | undefined,
): string | undefined {
  const field = terms(fieldSelector).find((path) => !naming.has(path) && isHidden(path, lastOf(path), places));
  return field ?? terms(labelSelector).find((label) => isHidden(pathOf('metadata', 'labels', label), label, places));
}

/** The names that are compared with a value; whether one is there at all may be asked. */
const terms = (selector: string): readonly string[] =>
  selector.split(/,(?![^()]*\))/).flatMap((term) => /^\s*([^\s=!]+)\s*(?:!?==?|\b(?:not)?in\b)/.exec(term)?.[1] ?? []);

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

function isHidden(path: string, name: string, places: Places | undefined): boolean {
  if (places?.hide.some((place) => reaches(path, place)) === true) return true;
  if (/^(?:data|stringData|binaryData)\b/.test(path)) return true;
  return isSensitiveMember(name) && places?.show.some((place) => reaches(path, place)) !== true;
}
