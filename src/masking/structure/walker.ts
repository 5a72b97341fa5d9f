import type { Json, JsonObject } from '../../domain/json.ts';

/** What the parts of the walk that know one kind of thing use of it. Each gives the value back, or what stands in its place. */
export interface Walker {
  /** An object, or anything else, that says itself what it is. */
  any(value: Json, within: string): Json;
  /** A member of an object of no kind that is known. */
  member(key: string, value: Json, within: string): Json;
  members(object: JsonObject, mask: (key: string, value: Json) => Json): JsonObject;
  elements(list: readonly Json[], mask: (value: Json, index: number) => Json): readonly Json[];
  annotations(annotations: JsonObject, ofSecret: boolean): Json;
  text(text: string): string;
  /** What the caller itself names objects by. */
  identifier(text: string): Json;
  /** The text without known values and patterns, the place not noted as hidden. */
  cleanText(text: string): string;
  /** Notes the place as hidden if it is another text. */
  changed(before: string, after: string): string;
  hide(value: Json, source: string): Json;
  /** A text that is JSON, masked as what it says; hidden whole where it is nested too deep. Undefined: it is no JSON. */
  embedded(text: string, source: string): Json | undefined;
}

/** The name of an object; empty where it has none. */
export const nameOf = (object: JsonObject): string => {
  const { metadata } = object;
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : undefined;
  return typeof name === 'string' ? name : '';
};
