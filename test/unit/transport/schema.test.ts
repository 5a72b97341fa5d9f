import { expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../../src/domain/json.ts';
import { instructions } from '../../../src/transport/instructions.ts';
import { publish } from '../../../src/transport/schema.ts';
import { tools } from '../../../tools/index.ts';
import { peek } from './harness.ts';

const published = tools.map((tool) => publish(tool, ''));

/** Every schema inside a schema, itself included; what stands under `properties` is schemas by name. */
function schemasIn(schema: Json): JsonObject[] {
  if (Array.isArray(schema)) return schema.flatMap(schemasIn);
  if (!isJsonObject(schema)) return [];
  const { properties, ...rest } = schema;
  const named = isJsonObject(properties) ? Object.values(properties).flatMap(schemasIn) : [];
  return [schema, ...named, ...Object.values(rest).flatMap(schemasIn)];
}

const each = published.flatMap((tool) => [
  [`${tool.name} input`, tool.inputSchema] as const,
  [`${tool.name} output`, tool.outputSchema] as const,
]);

test('the tools of the first path are there, in the order in which agents read them', () => {
  expect(published.map((tool) => tool.name)).toEqual(['get', 'logs', 'apply', 'delete', 'scale', 'exec', 'approval']);
});

test('tools/list has at most 8,000 bytes', () => {
  expect(Buffer.byteLength(JSON.stringify({ tools: published }))).toBeLessThanOrEqual(8_000);
});

test.each(each)('%s: an object at the root, nothing that a client API rejects', (_name, schema) => {
  expect(schema.type).toBe('object');
  expect(schema).not.toHaveProperty('$schema');
  for (const part of schemasIn(schema)) {
    for (const word of ['oneOf', 'anyOf', 'allOf', 'not', '$ref', 'nullable']) expect(part).not.toHaveProperty(word);
    expect(part.type).not.toBe('null');
    expect(Array.isArray(part.type)).toBe(false);
    if (part.type === 'array') expect(isJsonObject(part.items)).toBe(true);
    if (part.type === 'integer')
      expect(part).toMatchObject({ minimum: expect.any(Number), maximum: expect.any(Number) });
  }
});

test.each(published)(
  '$name: strict in, loose out, and a refusal fits its output schema',
  ({ inputSchema, outputSchema }) => {
    expect(inputSchema.additionalProperties).toBe(false);
    expect(outputSchema).not.toHaveProperty('additionalProperties');
    expect(outputSchema.required).toEqual(['status', 'message']);
  },
);

test.each(published)('$name: all four hints are explicit', ({ annotations }) => {
  expect(Object.entries(annotations).map(([name, value]) => [name, typeof value])).toEqual([
    ['readOnlyHint', 'boolean'],
    ['destructiveHint', 'boolean'],
    ['idempotentHint', 'boolean'],
    ['openWorldHint', 'boolean'],
  ]);
  expect(annotations.openWorldHint).toBe(false);
});

test('a reading tool says so, a destructive one too', () => {
  const hints = Object.fromEntries(published.map((tool) => [tool.name, tool.annotations]));
  expect(hints.get).toMatchObject({ readOnlyHint: true, destructiveHint: false });
  expect(hints.delete).toMatchObject({ readOnlyHint: false, destructiveHint: true });
});

test.each(published)('$name: server and tool name together have at most 60 characters', ({ name }) => {
  expect(`countersign-${name}`.length).toBeLessThanOrEqual(60);
});

test('the instructions name every tool', () => {
  for (const { name } of published) expect(instructions).toMatch(new RegExp(`\\b${name}\\b`));
});

test('defaults, bounds, enums and descriptions of a schema are published, white noise is not', () => {
  const { inputSchema, outputSchema } = publish(peek, 'k8s_');
  expect(inputSchema).toEqual({
    type: 'object',
    properties: {
      name: { type: 'string', description: 'Which' },
      limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
      fields: { type: 'array', items: { type: 'string' } },
      output: { type: 'string', enum: ['table', 'json'] },
    },
    required: ['name'],
    additionalProperties: false,
  });
  expect(outputSchema).toEqual({
    type: 'object',
    properties: { status: { type: 'string' }, message: { type: 'string' }, object: { type: 'object' } },
    required: ['status', 'message'],
  });
});
