import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import type { Path, PathStep } from '../domain/path.ts';
import { isSensitiveData, isSensitiveEntry, isSensitiveMember, isSensitiveVariable } from './names.ts';
import { awaitsValue, isAboutSecret, maskArgument, maskPatterns, maskQuoted, surelyPlain } from './patterns.ts';
import { isPlaceholder, placeholder } from './placeholder.ts';
import { strip } from './strip.ts';
import { columnSources, isTable } from './table.ts';

const argumentLists = new Set(['args', 'command', 'cmd', 'arguments', 'entrypoint', 'extraArgs']);
const variableMaps = new Set(['env', 'environment', 'envVars', 'extraEnv', 'extraEnvVars']);
/** Shorter leaves hold no value that is looked for. */
const shortest = 8;
const leastNumber = 10 ** (shortest - 1);
const identifiers = new Set(['name', 'namespace', 'uid', 'resourceVersion']);
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** `names`: of the elements, where they tell them apart; found once, when the first is hidden. */
interface ListFrame {
  readonly list: readonly Json[];
  index: number;
  names?: readonly string[] | undefined;
}
type Frame = string | ListFrame;

interface WalkOptions {
  readonly known?: (leaf: string) => string;
  readonly leaves?: string[];
}

/**
 * One pass over an object that hides what stands in a place for secrets. What is unchanged is shared with the raw value, and
 * paths are only made for what was hidden, so that an object without secrets costs little more than being looked at.
 */
export class Walk {
  readonly hidden: Path[] = [];
  readonly #frames: Frame[] = [];
  readonly #known: ((leaf: string) => string) | undefined;
  readonly #leaves: string[] | undefined;
  /** For what stands as text inside of a leaf. */
  readonly #inside: WalkOptions;

  /** `known`: hides known values in a leaf. `leaves`: takes every leaf that is shown and could hold one. */
  constructor({ known, leaves }: WalkOptions = {}) {
    this.#known = known;
    this.#leaves = leaves;
    this.#inside = { ...(known === undefined ? {} : { known }), ...(leaves === undefined ? {} : { leaves }) };
  }

  /** `kind`: what the object is by its resource or list, whatever it says itself. */
  object(value: Json, kind = ''): Json {
    if (!isJsonObject(value)) return this.#any(value, '');
    const own = kind === '' && typeof value.kind === 'string' ? value.kind : kind;
    if (own === 'Secret' || looksLikeSecret(value)) return this.#secret(value);
    if (own === 'ConfigMap') return this.#configMap(value);
    if (own === 'Status' && (value.apiVersion === 'v1' || value.apiVersion === undefined)) return this.#status(value);
    if (isTable(value)) return this.#table(value);
    if ((own === 'SecretList' || own === 'ConfigMapList') && Array.isArray(value.items))
      return this.#members(value, (key, member) =>
        key === 'items' && Array.isArray(member)
          ? this.#elements(member, (item) => this.object(item, own.slice(0, -'List'.length)))
          : this.#member(key, member, ''),
      );
    return this.#plain(value, '');
  }

  #any(value: Json, within: string): Json {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'number') return this.#number(value);
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return this.#list(value, within);
    const object = value as JsonObject;
    return object.kind === undefined && object.data === undefined ? this.#plain(object, within) : this.object(object);
  }

  #plain(object: JsonObject, within: string): Json {
    const { name, value } = object;
    const secretEntry =
      typeof name === 'string' &&
      value !== undefined &&
      (within === 'env' ? isSensitiveVariable : isSensitiveEntry)(name);
    return this.#members(object, (key, member) =>
      secretEntry && key === 'value' ? this.#hide(member, `env ${name}`) : this.#member(key, member, within),
    );
  }

  #member(key: string, value: Json, within: string): Json {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value !== 'object') {
      if (isSensitiveMember(key) || (variableMaps.has(within) && isSensitiveVariable(key)))
        return this.#hide(value, `field ${key}`);
      if (typeof value !== 'string') return this.#number(value);
      return this.#isIdentifier(key) ? this.#identifier(value) : this.#text(value);
    }
    if (key === 'annotations' && isJsonObject(value)) return this.#annotations(value, undefined);
    if (key === 'managedFields') return this.#managedFields(value);
    if (Array.isArray(value)) {
      if (argumentLists.has(key)) return this.#arguments(value);
      if (isSensitiveMember(key))
        return this.#elements(value, (each) =>
          typeof each === 'string' ? this.#hide(each, `field ${key}`) : this.#any(each, key),
        );
    }
    return this.#any(value, key);
  }

  #list(list: readonly Json[], within: string): Json {
    return this.#elements(list, (each) => this.#any(each, within));
  }

  #secret(secret: JsonObject): Json {
    const label = `Secret ${nameOf(secret)}`;
    return this.#members(secret, (key, value) => {
      if (key === 'data' || key === 'stringData' || key === 'binaryData') {
        if (!isJsonObject(value)) return this.#hide(value, label);
        return this.#members(value, (name, leaf) => this.#hide(leaf, `${label}/${name}`));
      }
      if (key !== 'metadata' || !isJsonObject(value)) return this.#member(key, value, '');
      return this.#members(value, (name, member) =>
        name === 'annotations' && isJsonObject(member)
          ? this.#annotations(member, label)
          : this.#member(name, member, ''),
      );
    });
  }

  #configMap(map: JsonObject): Json {
    const name = nameOf(map);
    return this.#members(map, (key, value) => {
      if ((key !== 'data' && key !== 'binaryData') || !isJsonObject(value)) return this.#member(key, value, '');
      return this.#members(value, (entry, leaf) => {
        const release = entry === 'release' && (name.startsWith('sh.helm.release.') || /\.v\d+$/.test(name));
        if (isSensitiveData(entry) || release) return this.#hide(leaf, `ConfigMap ${name}/${entry}`);
        return this.#any(leaf, '');
      });
    });
  }

  /** Copies of the whole object stand in annotations: they are masked as the object is. */
  #annotations(annotations: JsonObject, secret: string | undefined): Json {
    return this.#members(annotations, (key, value) => {
      if (typeof value !== 'string') return this.#any(value, '');
      if (isSensitiveData(key) || (secret !== undefined && (key === lastApplied || /^\s*(?:[{[]|H4sI)/.test(value))))
        return this.#hide(value, `annotation ${key}`);
      if (!/^\s*[{[]/.test(value)) return this.#text(value);
      return this.#embedded(key, value);
    });
  }

  #embedded(key: string, text: string): Json {
    let copy: Json;
    try {
      copy = JSON.parse(text) as Json;
    } catch {
      return key === lastApplied ? this.#hide(text, `annotation ${key}`) : this.#text(text);
    }
    const masked = this.#copyMasked(copy);
    if (masked === undefined) return this.#hide(text, `annotation ${key}`);
    if (masked === copy) return text;
    this.#record();
    return JSON.stringify(masked);
  }

  /** Undefined: nested so deep that it cannot be walked through; one such annotation must not keep its whole list from being read. */
  #copyMasked(copy: Json): Json | undefined {
    try {
      return new Walk(this.#inside).object(copy);
    } catch (thrown) {
      if (thrown instanceof RangeError) return undefined;
      throw thrown;
    }
  }

  /** Elements of sets stand in managedFields as keys, by their values. */
  #managedFields(value: Json): Json {
    const rename = (node: Json): Json => {
      if (Array.isArray(node)) return node.map((each: Json) => rename(each));
      if (!isJsonObject(node)) return node;
      return Object.fromEntries(
        Object.entries(node).map(([key, below]) => [
          key.startsWith('v:') || key.startsWith('k:') ? this.#cleanText(key) : key,
          rename(below),
        ]),
      );
    };
    return this.#hasValueKeys(value) ? rename(value) : value;
  }

  #hasValueKeys(node: Json): boolean {
    if (Array.isArray(node)) return node.some((each: Json) => this.#hasValueKeys(each));
    if (!isJsonObject(node)) return false;
    for (const key in node) {
      if ((key.startsWith('v:') || key.startsWith('k:')) && this.#cleanText(key) !== key) return true;
      if (this.#hasValueKeys(node[key] as Json)) return true;
    }
    return false;
  }

  #arguments(list: readonly Json[]): Json {
    return this.#elements(list, (each, index) => {
      if (typeof each !== 'string') return this.#any(each, '');
      const before = list[index - 1];
      const flag = typeof before === 'string' ? awaitsValue(before) : undefined;
      if (flag !== undefined && !each.startsWith('-')) return this.#hide(each, `argument ${flag}`);
      return this.#changed(each, this.#cleanText(maskArgument(each)));
    });
  }

  #status(status: JsonObject): Json {
    const details = isJsonObject(status.details) ? status.details : {};
    const message = typeof status.message === 'string' ? status.message : '';
    const secret = /^secrets?$/i.test(String(details.kind ?? '')) || isAboutSecret(message);
    const quoted = (text: string): Json => this.#changed(text, this.#cleanText(maskQuoted(text, secret)));
    return this.#members(status, (key, value) => {
      if (key === 'message' && typeof value === 'string') return quoted(value);
      if (key !== 'details' || !isJsonObject(value)) return this.#member(key, value, '');
      return this.#members(value, (name, member) => {
        if (name !== 'causes' || !Array.isArray(member)) return this.#member(name, member, '');
        return this.#elements(member, (cause) =>
          isJsonObject(cause)
            ? this.#members(cause, (part, text) => (typeof text === 'string' ? quoted(text) : this.#any(text, part)))
            : this.#any(cause, ''),
        );
      });
    });
  }

  #table(table: JsonObject): Json {
    const sources = columnSources(table);
    const names = (table.columnDefinitions as readonly Json[]).map(
      (column) => isJsonObject(column) && column.format === 'name',
    );
    const cells = (value: Json): Json =>
      Array.isArray(value)
        ? this.#elements(value, (cell, index) => {
            const source = sources[index];
            if (source !== undefined && typeof cell === 'string' && cell !== '') return this.#hide(cell, source);
            return names[index] === true && typeof cell === 'string' ? this.#identifier(cell) : this.#any(cell, '');
          })
        : this.#any(value, '');
    const row = (value: Json): Json =>
      isJsonObject(value)
        ? this.#members(value, (key, member) => (key === 'cells' ? cells(member) : this.#any(member, '')))
        : this.#any(value, '');
    return this.#members(table, (key, value) => {
      if (key === 'columnDefinitions') return value;
      if (key === 'rows' && Array.isArray(value)) return this.#elements(value, row);
      return this.#member(key, value, '');
    });
  }

  #text(text: string): string {
    return this.#changed(text, this.#cleanText(text));
  }

  /** What the caller itself names objects by: equal to a value, it is still no secret. */
  #isIdentifier(key: string): boolean {
    return key === 'kind' || key === 'apiVersion' || (identifiers.has(key) && this.#frames.at(-2) === 'metadata');
  }

  #identifier(text: string): Json {
    return surelyPlain(text) ? text : this.#changed(text, maskPatterns(strip(text)));
  }

  /** A numeric password stands in JSON without quotes. */
  #number(value: Json): Json {
    if (typeof value !== 'number' || Math.abs(value) < leastNumber) return value;
    const text = String(value);
    this.#leaves?.push(text);
    const masked = this.#known === undefined ? text : this.#known(text);
    return masked === text ? value : this.#changed(text, masked);
  }

  #changed(before: string, after: string): string {
    if (after !== before) this.#record();
    return after;
  }

  #cleanText(text: string): string {
    if (text.length >= shortest) this.#leaves?.push(text);
    if (this.#known === undefined && surelyPlain(text)) return text;
    const seen = strip(text);
    const masked = maskPatterns(this.#known === undefined ? seen : this.#known(seen));
    // An unseen character is the object's own; only where it stood beside a secret it goes with it.
    return masked === seen ? text : masked;
  }

  #hide(value: Json, source: string): Json {
    if (value === null) return value;
    this.#record();
    return typeof value === 'string' && isPlaceholder(value) ? value : placeholder(source);
  }

  #record(): void {
    this.hidden.push(this.#frames.map(stepOf));
  }

  #members(object: JsonObject, mask: (key: string, value: Json) => Json): JsonObject {
    let copy: Record<string, Json> | undefined;
    for (const key of Object.keys(object)) {
      const before = object[key] as Json;
      this.#frames.push(key);
      const after = mask(key, before);
      this.#frames.pop();
      if (after === before) continue;
      copy ??= { ...object };
      copy[key] = after;
    }
    return copy ?? object;
  }

  #elements(list: readonly Json[], mask: (value: Json, index: number) => Json): readonly Json[] {
    let copy: Json[] | undefined;
    const frame: ListFrame = { list, index: 0 };
    this.#frames.push(frame);
    for (; frame.index < list.length; frame.index++) {
      const before = list[frame.index] as Json;
      const after = mask(before, frame.index);
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

const nameOf = (object: JsonObject): string => {
  const name = isJsonObject(object.metadata) ? object.metadata.name : undefined;
  return typeof name === 'string' ? name : '';
};

/** A Secret that lost its kind on the way: the type and the data give it away. */
const looksLikeSecret = (object: JsonObject): boolean =>
  object.kind === undefined &&
  typeof object.type === 'string' &&
  /^(?:Opaque$|kubernetes\.io\/|helm\.sh\/|bootstrap\.kubernetes\.io\/)/.test(object.type) &&
  (object.data !== undefined || object.stringData !== undefined);
