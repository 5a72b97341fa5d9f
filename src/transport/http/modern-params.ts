import { at, isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';
import { headerValue } from '../modern-headers.ts';

/** An argument that a tool wants repeated in a header ("Custom Headers from Tool Parameters"). */
export interface MirroredParam {
  /** In lower case, as Node has it. */
  readonly header: string;
  /** The keys that lead to it in `params.arguments`. */
  readonly path: readonly string[];
}

interface Listed {
  readonly name: string;
  readonly inputSchema: JsonObject;
}

/** By the published name of the tool; a tool that marks no parameter with `x-mcp-header` is not in it. */
export const mirroredParams = (tools: readonly Listed[]): ReadonlyMap<string, readonly MirroredParam[]> =>
  new Map(
    tools.map(({ name, inputSchema }) => [name, marked(inputSchema, [])] as const).filter(([, all]) => all.length > 0),
  );

/** Only a chain of `properties` leads to a parameter that may be marked. */
function marked(schema: JsonObject, path: readonly string[]): readonly MirroredParam[] {
  if (!isJsonObject(schema.properties)) return [];
  return Object.entries(schema.properties).flatMap(([key, each]) => {
    if (!isJsonObject(each)) return [];
    const here = [...path, key];
    const name = each['x-mcp-header'];
    const own = typeof name === 'string' ? [{ header: `mcp-param-${name.toLowerCase()}`, path: here }] : [];
    return [...own, ...marked(each, here)];
  });
}

/**
 * The header that does not say what the argument says; undefined: all do. Whoever routed the call by a header must not have been
 * told something else than what runs, so a header without its argument differs too.
 */
export const mismatchedParam = (
  params: readonly MirroredParam[],
  headers: Readonly<Record<string, readonly string[] | undefined>>,
  input: Json | undefined,
): string | undefined =>
  params.find(({ header, path }) => {
    const sent = headers[header];
    const value = at(input, ...path);
    if (value === undefined || value === null) return sent !== undefined;
    return sent?.length !== 1 || !says(headerValue(sent[0]), value);
  })?.header;

function says(text: string | undefined, value: Json): boolean {
  if (text === undefined) return false;
  if (typeof value === 'number') return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) && Number(text) === value;
  return typeof value === 'boolean' ? text === String(value) : text === value;
}
