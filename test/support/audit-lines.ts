import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { isJsonObject } from '../../src/domain/json.ts';
import { auditEventSchema } from './docs/audit-schema.ts';

const validate = new AjvJsonSchemaValidator().getValidator(auditEventSchema());

/** What of a line is not as the published schema says; undefined: nothing. */
export function faultOfLine(line: string): string | undefined {
  const parsed: unknown = JSON.parse(line);
  const { valid, errorMessage } = validate(parsed);
  const type = isJsonObject(parsed) ? String(parsed.type) : '';
  return valid ? undefined : `${type}: ${errorMessage}: ${line.slice(0, 400)}`;
}

/** Holds each whole line that a test made to the published schema. @throws Error naming what does not fit */
export function checkAuditLines(folder: string): void {
  const faults = chainsOf(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => faultOfLine(line) ?? []),
  );
  if (faults.length > 0) throw new Error(`the audit log does not fit its schema: ${[...new Set(faults)].join('\n')}`);
}

function chainsOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  } catch {
    return [];
  }
}
