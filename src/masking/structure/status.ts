import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';
import { isAboutSecret, maskQuoted } from '../patterns.ts';
import type { Walker } from './walker.ts';

/** A refusal of the API server quotes what it refuses, in its message and in each of its causes. */
export function maskStatus(walker: Walker, status: JsonObject): Json {
  const details = isJsonObject(status.details) ? status.details : {};
  const message = typeof status.message === 'string' ? status.message : '';
  const secret = /^secrets?$/i.test(String(details.kind ?? '')) || isAboutSecret(message);
  const quoted = (text: string): Json => walker.changed(text, walker.cleanText(maskQuoted(text, secret)));
  const cause = (each: Json): Json =>
    isJsonObject(each)
      ? walker.members(each, (part, text) => (typeof text === 'string' ? quoted(text) : walker.any(text, part)))
      : walker.any(each, '');
  return walker.members(status, (key, value) => {
    if (key === 'message' && typeof value === 'string') return quoted(value);
    if (key !== 'details' || !isJsonObject(value)) return walker.member(key, value, '');
    return walker.members(value, (name, member) =>
      name === 'causes' && Array.isArray(member) ? walker.elements(member, cause) : walker.member(name, member, ''),
    );
  });
}
