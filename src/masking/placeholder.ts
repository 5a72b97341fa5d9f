import type { Json } from '../domain/json.ts';
import { formatPath, type PathStep } from '../domain/path.ts';

/** How every placeholder begins. */
export const opening = '[masked ';

/**
 * What stands where a value was: it names the source (`Secret db/password`) and carries nothing that was computed from the
 * value. Characters that could end it early, or look like another one, are left out of the name.
 */
export const placeholder = (source: string): string =>
  `${opening}${source.replace(/[^\x20-\x7e]|["'\\[\]<>&]/g, '?').slice(0, 300)}]`;

export const isPlaceholder = (text: string): boolean => /^\[masked [^[\]\n]{1,300}\]$/.test(text);

/** The bytes before a value do not matter: what holds bits of them is left out. */
let scratch = Buffer.alloc(4_096);

/** What of a value (bytes, or ASCII) in base64 does not depend on its neighbours, for each of the three ways it can fall on the groups of three bytes. */
export function base64Forms(value: string | Uint8Array): readonly string[] {
  const { length } = value;
  if (scratch.length < length + 2) scratch = Buffer.alloc(2 * length + 2);
  return [0, 1, 2].map((offset) => {
    if (typeof value === 'string') scratch.write(value, offset, 'latin1');
    else scratch.set(value, offset);
    const whole = Math.floor(((offset + length) * 8) / 6);
    return scratch.toString('base64', 0, offset + length).slice(offset === 0 ? 0 : offset + 1, whole);
  });
}

const inBase64 = new RegExp(base64Forms(opening).join('|'));
const percent = encodeURIComponent(opening).toLowerCase();

const holds = (text: string): boolean =>
  text.includes(opening) ||
  (text.length >= opening.length && inBase64.test(/\s/.test(text) ? text.replace(/\s+/g, '') : text)) ||
  (text.includes('%') && text.toLowerCase().includes(percent));

/** The dotted path of the first string or key that has a placeholder in it, plain or in base64; undefined: there is none. */
export function findPlaceholder(input: Json): string | undefined {
  const stack: PathStep[] = [];
  const found = (value: Json): boolean => {
    if (typeof value === 'string') return holds(value);
    if (value === null || typeof value !== 'object') return false;
    const members = Array.isArray(value)
      ? value.map((each: Json, index): readonly [PathStep, Json] => [{ index }, each])
      : Object.entries(value);
    for (const [step, member] of members) {
      stack.push(step);
      if ((typeof step === 'string' && holds(step)) || found(member)) return true;
      stack.pop();
    }
    return false;
  };
  return found(input) ? formatPath(stack) : undefined;
}
