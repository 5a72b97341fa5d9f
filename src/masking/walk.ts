import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import type { Path, PathStep } from '../domain/path.ts';
import { isSensitiveEntry, isSensitiveMember, isSensitiveVariable } from './names.ts';
import { maskPatterns, surelyPlain } from './patterns.ts';
import type { OwnPatterns } from './patterns-own.ts';
import { isPlaceholder, placeholder } from './placeholder.ts';
import { strip } from './strip.ts';
import { maskAnnotations, maskManagedFields } from './structure/annotations.ts';
import { argumentLists, maskArguments } from './structure/arguments.ts';
import { maskConfigMap } from './structure/config-map.ts';
import type { KindPlaces } from './structure/kind-places.ts';
import { type Marks, marksIn, type Verdict } from './structure/places.ts';
import { looksLikeSecret, maskSecret, maskSigningRequest } from './structure/secret.ts';
import { maskStatus } from './structure/status.ts';
import { isTable, maskTable } from './structure/table.ts';
import type { Walker } from './structure/walker.ts';

const variableMaps = new Set(['env', 'environment', 'envVars', 'extraEnv', 'extraEnvVars']);
/** Shorter leaves hold no value that is looked for. */
const shortest = 8;
const leastNumber = 10 ** (shortest - 1);
const identifiers = new Set(['name', 'namespace', 'uid', 'resourceVersion']);

/** `names`: of the elements, where they tell them apart; found once, when the first is hidden. */
interface ListFrame {
  readonly list: readonly Json[];
  index: number;
  names?: readonly string[] | undefined;
}
type Frame = string | ListFrame;

export interface WalkOptions {
  /** Hides known values in a leaf. */
  readonly known?: ((leaf: string) => string) | undefined;
  /**
   * Takes every leaf that is shown and could hold one, for whoever looks into all at once; such a leaf is not looked into here,
   * unless an operator's patterns are to be looked for, whose anchors are those of each leaf.
   */
  readonly leaves?: string[] | undefined;
  /** Of the kind that is looked at. */
  readonly places?: KindPlaces | undefined;
  readonly own?: OwnPatterns | undefined;
}

/**
 * One pass over an object that hides what stands in a place for secrets. What is unchanged is shared with the raw value, and
 * paths are only made for what was hidden, so that an object without secrets costs little more than being looked at.
 */
export class Walk implements Walker {
  readonly hidden: Path[] = [];
  readonly #frames: Frame[] = [];
  readonly #known: ((leaf: string) => string) | undefined;
  readonly #leaves: string[] | undefined;
  readonly #places: KindPlaces | undefined;
  readonly #own: OwnPatterns | undefined;
  #marks: Marks | undefined;

  constructor({ known, leaves, places, own }: WalkOptions = {}) {
    this.#known = known;
    this.#leaves = leaves;
    this.#places = places;
    this.#own = own;
  }

  /** An object, a list or a table as it was read. `kind`: what it is by its resource, whatever it says itself. */
  whole(value: Json, kind = ''): Json {
    if (this.#places !== undefined && isJsonObject(value)) this.#marks = marksIn(value, this.#places);
    return this.object(value, kind);
  }

  /** `kind`: what the object is by its resource or list, whatever it says itself. */
  object(value: Json, kind = ''): Json {
    if (!isJsonObject(value)) return this.any(value, '');
    const own = kind === '' && typeof value.kind === 'string' ? value.kind : kind;
    if (own === 'Secret' || looksLikeSecret(value)) return maskSecret(this, value);
    if (own === 'ConfigMap') return maskConfigMap(this, value);
    if (own === 'CertificateSigningRequest') return maskSigningRequest(this, value);
    if (own === 'Status' && (value.apiVersion === 'v1' || value.apiVersion === undefined))
      return maskStatus(this, value);
    if (isTable(value)) return maskTable(this, value, this.#places?.columns);
    if ((own === 'SecretList' || own === 'ConfigMapList') && Array.isArray(value.items))
      return this.members(value, (key, member) =>
        key === 'items' && Array.isArray(member)
          ? this.elements(member, (item) => this.object(item, own.slice(0, -'List'.length)))
          : this.member(key, member, ''),
      );
    return this.#plain(value, '');
  }

  any(value: Json, within: string): Json {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.#number(value);
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return this.#list(value, within);
    const object = value as JsonObject;
    return object.kind === undefined && object.data === undefined && object.stringData === undefined
      ? this.#plain(object, within)
      : this.object(object);
  }

  #plain(object: JsonObject, within: string): Json {
    const { name, value } = object;
    const secretEntry =
      typeof name === 'string' &&
      value !== undefined &&
      value !== '' &&
      (within === 'env' ? isSensitiveVariable : isSensitiveEntry)(name);
    return this.members(object, (key, member) =>
      secretEntry && key === 'value' ? this.hide(member, `env ${name}`) : this.member(key, member, within),
    );
  }

  member(key: string, value: Json, within: string): Json {
    // Where nothing is, nothing is hidden.
    if (value === null || typeof value === 'boolean' || value === '') return value;
    if (typeof value !== 'object') {
      if (isSensitiveMember(key) || (variableMaps.has(within) && isSensitiveVariable(key)))
        return this.hide(value, `field ${key}`);
      if (typeof value !== 'string') return this.#number(value);
      return this.#isIdentifier(key) ? this.identifier(value) : this.text(value);
    }
    if (key === 'annotations' && isJsonObject(value)) return maskAnnotations(this, value, false);
    if (key === 'managedFields') return maskManagedFields(this, value);
    if (Array.isArray(value)) {
      if (argumentLists.has(key)) return maskArguments(this, value);
      if (isSensitiveMember(key))
        return this.elements(value, (each) =>
          typeof each === 'string' ? this.hide(each, `field ${key}`) : this.any(each, key),
        );
    }
    return this.any(value, key);
  }

  #list(list: readonly Json[], within: string): Json {
    return this.elements(list, (each) => this.any(each, within));
  }

  annotations(annotations: JsonObject, ofSecret: boolean): Json {
    return maskAnnotations(this, annotations, ofSecret);
  }

  embedded(text: string, source: string): Json | undefined {
    let copy: Json;
    try {
      copy = JSON.parse(text) as Json;
    } catch {
      return undefined;
    }
    const masked = this.#copyMasked(copy);
    if (masked === undefined) return this.hide(text, source);
    // Once more as a text: what stands in it as a key is no leaf.
    if (masked === copy) return this.text(text);
    this.#record();
    return this.cleanText(JSON.stringify(masked));
  }

  /** Undefined: nested so deep that it cannot be walked through; one such text must not keep its whole list from being read. */
  #copyMasked(copy: Json): Json | undefined {
    try {
      // What is hidden in an object is hidden in its copies; what is excepted is so in its own place only.
      const places = this.#places === undefined ? undefined : { ...this.#places, show: [] };
      return new Walk({ known: this.#known, leaves: this.#leaves, own: this.#own, places }).whole(copy);
    } catch (thrown) {
      if (thrown instanceof RangeError) return undefined;
      throw thrown;
    }
  }

  text(text: string): string {
    return this.changed(text, this.cleanText(text));
  }

  /** What the caller itself names objects by: equal to a value, it is still no secret. */
  #isIdentifier(key: string): boolean {
    return key === 'kind' || key === 'apiVersion' || (identifiers.has(key) && this.#frames.at(-2) === 'metadata');
  }

  identifier(text: string): Json {
    return surelyPlain(text) ? text : this.changed(text, maskPatterns(strip(text)));
  }

  /** A numeric password stands in JSON without quotes. */
  #number(value: Json): Json {
    if (typeof value !== 'number' || Math.abs(value) < leastNumber) return value;
    const text = String(value);
    this.#leaves?.push(text);
    const masked = this.#known === undefined ? text : this.#known(text);
    return masked === text ? value : this.changed(text, masked);
  }

  changed(before: string, after: string): string {
    if (after !== before) this.#record();
    return after;
  }

  cleanText(text: string): string {
    if (this.#leaves !== undefined && text.length >= shortest) {
      this.#leaves.push(text);
      if (this.#own === undefined) return text;
    }
    if (this.#known === undefined && this.#own === undefined && surelyPlain(text)) return text;
    const seen = strip(text);
    const masked = maskPatterns(this.#known === undefined ? seen : this.#known(seen), this.#own);
    // An unseen character is the object's own; only where it stood beside a secret it goes with it.
    return masked === seen ? text : masked;
  }

  hide(value: Json, source: string): Json {
    if (value === null) return value;
    this.#record();
    return typeof value === 'string' && isPlaceholder(value) ? value : placeholder(source);
  }

  /** As the configuration or the schema of its kind says; keys stay. */
  #marked(verdict: Verdict, value: Json, name: string): Json {
    if (verdict === 'show') return this.any(value, '');
    if (Array.isArray(value)) return this.elements(value, (each) => this.#marked('hide', each, name));
    if (isJsonObject(value)) return this.members(value, (key, member) => this.#marked('hide', member, key));
    return this.hide(value, `field ${name}`);
  }

  #record(): void {
    this.hidden.push(this.#frames.map(stepOf));
  }

  members(object: JsonObject, mask: (key: string, value: Json) => Json): JsonObject {
    let copy: Record<string, Json> | undefined;
    const marks = this.#marks?.get(object);
    for (const key in object) {
      const before = object[key] as Json;
      this.#frames.push(key);
      const verdict = marks?.get(key);
      const after = verdict === undefined ? mask(key, before) : this.#marked(verdict, before, key);
      this.#frames.pop();
      if (after === before) continue;
      copy ??= { ...object };
      copy[key] = after;
    }
    return copy ?? object;
  }

  elements(list: readonly Json[], mask: (value: Json, index: number) => Json): readonly Json[] {
    let copy: Json[] | undefined;
    const frame: ListFrame = { list, index: 0 };
    const marks = this.#marks?.get(list);
    this.#frames.push(frame);
    for (; frame.index < list.length; frame.index++) {
      const before = list[frame.index] as Json;
      const verdict = marks?.get(frame.index);
      const after = verdict === undefined ? mask(before, frame.index) : this.#marked(verdict, before, 'element');
      if (after === before) continue;
      copy ??= [...list];
      copy[frame.index] = after;
    }
    this.#frames.pop();
    return copy ?? list;
  }
}

/** By name where the names of a list are all different, so that the path still leads there when the order changes. */
function stepOf(frame: Frame): PathStep {
  if (typeof frame === 'string') return frame;
  frame.names ??= namesApart(frame.list);
  const name = frame.names[frame.index];
  return name === undefined ? { index: frame.index } : { key: { name } };
}

/** Empty where a name is missing or stands there twice. */
function namesApart(list: readonly Json[]): readonly string[] {
  const names = list.flatMap((each) => (isJsonObject(each) && typeof each.name === 'string' ? [each.name] : []));
  return names.length === list.length && new Set(names).size === names.length ? names : [];
}
