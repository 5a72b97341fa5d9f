import { CountersignError, invalid } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { clean, type Origin } from './manifest/clean.ts';
import { checkedCopy } from './manifest/copy.ts';
import { parseYamlDocuments } from './manifest/yaml.ts';

export interface ParsedManifest {
  /** Each document, flattened out of Lists, cleaned of what the server manages, in the order given. */
  readonly documents: readonly JsonObject[];
  /** What was taken out or skipped, for the agent. */
  readonly notes: readonly string[];
}

/** Of a manifest as text, in bytes: what one call may carry. */
const maxBytes = 1_048_576;
const maxObjects = 500;

/**
 * A manifest as kubectl would read it (YAML 1.1 scalars, several documents, Lists), but strictly: what two parsers could read
 * in two ways is refused. Text is YAML or JSON; anything else is a manifest that is parsed already.
 * @throws Invalid naming line and column or document; it quotes key names, never values
 */
export function parseManifest(manifest: string | Json): ParsedManifest {
  const roots = typeof manifest === 'string' ? parseText(manifest) : [checkedCopy(manifest, 'the manifest')];
  const notes: string[] = [];
  const documents: JsonObject[] = [];
  roots.forEach((root, index) => {
    if (root === null) return;
    const origin = { where: `document ${index + 1}` };
    for (const object of flatten(root, origin, notes)) documents.push(clean(object.value, object.origin, notes));
    if (documents.length > maxObjects)
      throw invalid(`The manifest has more than ${maxObjects} objects`, 'split it into several calls');
  });
  if (documents.length === 0)
    throw invalid('The manifest has no object', 'give at least one document with apiVersion, kind and metadata.name');
  return { documents, notes };
}

function parseText(text: string): readonly Json[] {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw invalid(`The manifest has ${bytes} bytes, more than ${maxBytes}`, 'split it into several calls');
  if (!text.isWellFormed())
    throw invalid('The manifest has half of a character (a lone surrogate)', 'send well-formed Unicode text');
  try {
    return parseYamlDocuments(text);
  } catch (thrown) {
    if (thrown instanceof CountersignError) throw thrown;
    // A stack that overflows on hostile nesting, or whatever else the parser meets: nothing of its text is repeated.
    throw new CountersignError('Invalid', 'The manifest cannot be read: it is nested too deeply or not YAML', {
      hint: 'send plain YAML or JSON',
      cause: thrown,
    });
  }
}

interface Found {
  readonly value: Json;
  readonly origin: Origin;
}

/** The objects of a document: itself, or the items of a List of whatever kind, which server-side apply would refuse. */
function flatten(value: Json, origin: Origin, notes: string[]): readonly Found[] {
  if (!isJsonObject(value) || !isList(value)) return [{ value, origin }];
  const items = value.items as readonly Json[];
  if (items.length === 0) notes.push(`${origin.where}: an empty ${value.kind}, nothing to apply`);
  return items.flatMap((item, index) => {
    const where = `${origin.where}, item ${index + 1} of its ${value.kind}`;
    return flatten(typed(item, value), { where }, notes);
  });
}

const isList = (value: JsonObject): value is JsonObject & { readonly kind: string } =>
  typeof value.kind === 'string' &&
  value.kind.endsWith('List') &&
  Array.isArray(value.items) &&
  (value.kind === 'List' || !isJsonObject(value.metadata) || value.metadata.name === undefined);

/** Items of a typed list (`ConfigMapList`) may leave out what the list says for all of them. */
function typed(item: Json, list: JsonObject & { readonly kind: string }): Json {
  if (!isJsonObject(item) || list.kind === 'List') return item;
  return { apiVersion: list.apiVersion ?? null, kind: list.kind.slice(0, -'List'.length), ...item };
}
