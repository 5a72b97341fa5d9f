import type { z } from 'zod';
import { type CountersignError, invalid } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { nearest } from './nearest.ts';
import type { AnyTool } from './tool.ts';

/**
 * The input as the tool's strict schema has it. Tolerant only where a value has one canonical form: `"3"` for a number,
 * `"true"` for a boolean, `'["ls"]'` for a list, an object where the text of a manifest is wanted.
 * @throws Invalid naming each field, with near names and what the tool takes
 */
export function parseInput(tool: AnyTool, input: unknown): JsonObject {
  const first = tool.input.safeParse(input ?? {});
  if (first.success) return first.data as JsonObject;
  const mended = first.error.issues.reduce<unknown>((value, issue) => mendIssue(value, issue), input);
  const second = tool.input.safeParse(mended);
  if (second.success) return second.data as JsonObject;
  throw describeIssues(tool, second.error.issues, isJsonObject(mended) ? mended : {});
}

type Issue = z.core.$ZodIssue;

function mendIssue(root: unknown, issue: Issue): unknown {
  if (issue.code !== 'invalid_type' || !isJsonObject(root) || issue.path.length !== 1) return root;
  const key = String(issue.path[0]);
  const canonical = canonicalForm(root[key], issue.expected);
  return canonical === undefined ? root : { ...root, [key]: canonical };
}

function canonicalForm(value: Json | undefined, expected: string): Json | undefined {
  if (expected === 'string' && typeof value === 'object' && value !== null) return JSON.stringify(value);
  if (typeof value !== 'string') return undefined;
  if ((expected === 'number' || expected === 'int') && /^-?(?:0|[1-9]\d{0,14})$/.test(value)) return Number(value);
  if (expected === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  if (expected === 'array' && value.startsWith('[')) return parsedList(value);
  return undefined;
}

function parsedList(text: string): Json | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

function describeIssues(tool: AnyTool, issues: readonly Issue[], input: JsonObject): CountersignError {
  const fields = fieldsOf(tool);
  const said = issues.slice(0, 5).map((issue) => describeIssue(issue, input, fields));
  return invalid(said.join('. '), `use the fields that ${tool.name} takes: ${fields.join(', ')}`);
}

function describeIssue(issue: Issue, input: JsonObject, fields: readonly string[]): string {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(key, fields)).join('. ');
  const field = issue.path.map(String).join('.');
  if (field === '') return `The input is ${issue.message.replace(/^Invalid input: /, '')}`;
  if (!Object.hasOwn(input, field) && issue.code === 'invalid_type') return `Field "${field}" is required`;
  return `Field "${field}": ${issue.message.replace(/^Invalid input: /, '')}`;
}

function unknownField(key: string, fields: readonly string[]): string {
  const abbreviations: Readonly<Record<string, string>> = {
    ns: 'namespace',
    kind: 'resource',
    cmd: 'command',
    yaml: 'manifest',
  };
  const known = abbreviations[key];
  const [near] = known !== undefined && fields.includes(known) ? [known] : nearest(key, fields);
  return `Unknown field ${JSON.stringify(key)}${near === undefined ? '' : `; did you mean "${near}"?`}`;
}

function fieldsOf(tool: AnyTool): readonly string[] {
  const shape: unknown = 'shape' in tool.input ? tool.input.shape : {};
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}
