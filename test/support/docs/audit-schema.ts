import { auditTypes } from '../../../src/domain/audit-event.ts';
import { type AuditEventSpec, auditEvents } from '../../../src/domain/audit-events.ts';
import { type AuditKey, auditKeys, type KeyKind } from '../../../src/domain/audit-keys.ts';
import { row } from './json-schema.ts';

const text = { type: 'string' };
const kinds: Readonly<Record<KeyKind, object>> = {
  text,
  texts: { type: 'array', items: text },
  number: { type: 'number' },
  yes: { type: 'boolean' },
  digest: { type: 'string', pattern: '^(?:sha256:)?[0-9a-f]{64}$' },
  digests: { type: 'array', items: { type: 'string', pattern: '^(?:sha256:[0-9a-f]{64}|\u2026sha256:[0-9a-f]{64})$' } },
};

const frame = {
  seq: { type: 'integer', minimum: 1, description: 'the number of the line in its file' },
  time: {
    type: 'string',
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
    description: 'UTC; never goes back within a file',
  },
  type: { enum: auditTypes },
  invocation: {
    type: 'string',
    maxLength: 64,
    description: 'the call that the line belongs to; empty where it belongs to none',
  },
  prev: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$', description: 'of the exact bytes of the line before' },
};

/** The JSON Schema of one line of the log: docs/audit-event.schema.json. */
export const auditEventSchema = (): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A line of the audit log of Countersign, version 1',
  type: 'object',
  required: Object.keys(frame),
  properties: {
    ...frame,
    ...Object.fromEntries(
      Object.entries(auditKeys).map(([key, { kind, says }]) => [key, { ...kinds[kind], description: says }]),
    ),
  },
  additionalProperties: false,
  allOf: Object.entries(auditEvents).map(([type, { says, has, may = [] }]) => ({
    if: { properties: { type: { const: type } } },
    // biome-ignore lint/suspicious/noThenProperty: it is a word of JSON Schema
    then: {
      description: says,
      required: has,
      propertyNames: { enum: [...new Set([...Object.keys(frame), ...has, ...may])] },
    },
  })),
});

const code = (key: string): string => `\`${key}\``;

/** Every event, what it says, and what is on its line besides what all lines of a call repeat. */
export const eventTable = (): string =>
  [
    row(['event', 'says', 'always has', 'may have']),
    row(['---', '---', '---', '---']),
    ...Object.entries(auditEvents).map(([type, spec]) => eventRow(type, spec)),
  ].join('\n');

const eventRow = (type: string, { says, has, may = [] }: AuditEventSpec): string =>
  row([code(type), says, has.map(code).join(' '), may.map(code).join(' ')]);

/** Every key, how it stands in a line, and on which events. */
export const keyTable = (): string =>
  [
    row(['key', 'is', 'what it says']),
    row(['---', '---', '---']),
    ...Object.entries(auditKeys).map(([key, { kind, says }]) => row([code(key), words[kind], says])),
  ].join('\n');

const words: Readonly<Record<KeyKind, string>> = {
  text: 'text',
  texts: 'list of texts',
  number: 'number',
  yes: 'true or false',
  digest: '`sha256:…`',
  digests: 'list of `sha256:…`',
};

/** Keys that no event has: there should be none. */
export const unusedKeys = (): readonly string[] => {
  const used = new Set<AuditKey>(Object.values(auditEvents).flatMap(({ has, may = [] }) => [...has, ...may]));
  return Object.keys(auditKeys).filter((key) => !used.has(key as AuditKey));
};
