import { z } from 'zod';
import { casesSchema } from './cases.ts';
import { fileSchema } from './rule.ts';

/** The JSON Schema of a file of rules, for editors: docs/policy.schema.json. */
export const publishedPolicySchema = (): object => ({
  title: 'countersign policy',
  ...z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' }),
});

/** The JSON Schema of a file of cases: docs/policy.cases.schema.json. */
export const publishedCasesSchema = (): object => ({
  title: 'countersign policy cases',
  ...z.toJSONSchema(casesSchema, { io: 'input', unrepresentable: 'any' }),
});
