import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import { CountersignError, invalid } from '../errors.ts';
import type { Json } from '../json.ts';
import { checkedCopy, isForbiddenKey } from './copy.ts';
import { wordsOf } from './faults.ts';

const maxAliasCount = 100;

/**
 * Each document of the text, null ones included, with scalars as kubectl reads them: YAML 1.1 without timestamps, binaries,
 * sets and sexagesimals. Where the two still differ (`0o644`, `.inf`, `1e400`) the text is refused.
 */
export function parseYamlDocuments(text: string): readonly Json[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.1',
    // It compares each key with all before it, for minutes where there are many; #checkMap finds duplicates by a set.
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !isForeign(tag)),
  });
  if (!Array.isArray(documents)) return [];
  return documents.map((document, index) => new Reader(text, lines, `document ${index + 1}`).read(document));
}

const isForeign = (tag: { readonly tag?: string; readonly format?: string }): boolean =>
  /timestamp|binary|omap|set|pairs/.test(tag.tag ?? '') || tag.format === 'TIME';

class Reader {
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #where: string;
  readonly #anchors = new Set<string>();

  constructor(text: string, lines: LineCounter, where: string) {
    this.#text = text;
    this.#lines = lines;
    this.#where = where;
  }

  read(document: Document.Parsed): Json {
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault !== undefined) throw this.#fault(wordsOf(fault.code, this.#text.slice(fault.pos[0])), fault.pos[0]);
    if (document.directives.yaml.explicit === true)
      throw invalid(`${this.#where} has a %YAML directive`, 'remove it: manifests are read as kubectl reads them');
    if (document.contents === null) return null;
    this.#check(document.contents, 0);
    return checkedCopy(this.#toJs(document), this.#where);
  }

  #toJs(document: Document.Parsed): unknown {
    try {
      return document.toJS({ maxAliasCount });
    } catch (cause) {
      throw new CountersignError('Invalid', `${this.#where} has an alias that cannot be followed, or too many`, {
        hint: `write repeated parts out; at most ${maxAliasCount} aliases are followed`,
        cause,
      });
    }
  }

  #check(node: ParsedNode | null | undefined, depth: number): void {
    if (node === null || node === undefined) return;
    if (isAlias(node)) {
      if (!this.#anchors.has(node.source)) throw this.#fault(wordsOf('BAD_ALIAS', ''), node.range[0]);
      return;
    }
    if (node.anchor !== undefined) this.#anchors.add(node.anchor);
    if (depth > 200) throw this.#fault({ words: 'is nested too deeply' }, node.range[0]);
    if (isMap(node)) this.#checkMap(node as YAMLMap.Parsed, depth);
    else if (isCollection(node)) for (const item of node.items) this.#check(item as ParsedNode, depth + 1);
    else if (isScalar(node)) this.#checkScalar(node.value, node.source, node.type, node.range[0]);
  }

  #checkMap(map: YAMLMap.Parsed, depth: number): void {
    const seen = new Set<string>();
    for (const { key, value } of map.items) {
      const name = this.#keyName(key);
      // `1` and `"1"` are two keys for YAML and one for JSON.
      if (seen.has(name)) throw this.#fault(duplicate(name), key.range[0]);
      if (isForbiddenKey(name)) throw this.#fault({ words: `has the key "${name}"`, hint: 'remove it' }, key.range[0]);
      seen.add(name);
      this.#check(value, depth + 1);
    }
  }

  #keyName(key: ParsedNode): string {
    const value: unknown = isScalar(key) ? key.value : undefined;
    if (typeof value === 'string') return value;
    // yaml keeps the merge key `<<` as a symbol of its own.
    if (typeof value === 'symbol') return '<<';
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    throw this.#fault({ words: 'has a key that is not a string', hint: 'put the key in quotes' }, key.range[0]);
  }

  #checkScalar(value: unknown, source: string | undefined, type: string | undefined, position: number): void {
    if (typeof value === 'bigint' || (typeof value === 'number' && !isExact(value)))
      throw this.#fault(
        { words: 'has a number that is not finite or beyond 2^53', hint: 'quote it, if it is meant as text' },
        position,
      );
    if (type === 'PLAIN' && typeof value === 'string' && /^[-+]?0o[0-7_]+$/.test(source ?? ''))
      throw this.#fault(
        { words: 'has an octal number as 0o…, which readers of YAML disagree about', hint: 'write it as 0644 or 420' },
        position,
      );
  }

  #fault({ words, hint }: { words: string; hint?: string }, position: number): CountersignError {
    const { line, col } = this.#lines.linePos(position);
    return invalid(`${this.#where} ${words} (line ${line}, column ${col})`, hint);
  }
}

const isExact = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));

const duplicate = (name: string): { words: string; hint: string } => ({
  words: `has the key ${JSON.stringify(name)} twice`,
  hint: 'keep one of them',
});
