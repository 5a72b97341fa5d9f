import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import type { AnyTool } from '../domain/tool.ts';

export interface PublishedTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: false;
  };
}

/** What tools/list answers. */
export const publish = (tool: AnyTool, prefix: string): PublishedTool => ({
  name: `${prefix}${tool.name}`,
  title: tool.title,
  description: tool.description,
  inputSchema: { ...plainSchema(tool.input, 'input'), additionalProperties: false },
  outputSchema: outputSchema(tool.output),
  annotations: {
    readOnlyHint: !tool.access.mutates,
    destructiveHint: tool.access.destructive,
    idempotentHint: tool.access.idempotent,
    openWorldHint: false,
  },
});

/** Loose, and with what every answer has as the only required members: a refusal has no others, and clients validate it too. */
function outputSchema(schema: z.ZodType): JsonObject {
  const { additionalProperties: _, ...published } = plainSchema(schema, 'output');
  return { ...published, required: ['status', 'message'] };
}

/**
 * JSON Schema in the dialect that every client's API takes: `type: object` at the root, no `$schema`. What a schema must not
 * contain (unions, null, open integers) is for the tools to keep, and a test says so.
 */
function plainSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const published = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: 'any' })));
  const { $schema: _, ...rest } = isJsonObject(published) ? published : {};
  const lean = withoutNoise(rest);
  return isJsonObject(lean) ? { ...lean, type: 'object' } : { type: 'object' };
}

/** How long a text may be no model counts; the parser still does, and its error says so. */
const lengths: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'minItems', 'maxItems']);

/** Without what says nothing (`propertyNames: string`, `additionalProperties: {}`): agents pay for each byte in every conversation. */
function withoutNoise(value: Json): Json {
  if (Array.isArray(value)) return value.map((each: Json) => withoutNoise(each));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key, member]) => {
    if (key === 'propertyNames' || (lengths.has(key) && typeof member === 'number')) return false;
    return !(key === 'additionalProperties' && isJsonObject(member) && Object.keys(member).length === 0);
  });
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutNoise(member)]));
}
