import { ApiError, badRequest, type FieldFault, invalid } from './status.ts';

/** What the query of a writing request says. */
export interface WriteOptions {
  readonly manager: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly validation: 'Strict' | 'Warn' | 'Ignore';
}

export const meta = (kind: string) => ({ group: 'meta.k8s.io', resource: '', kind });

export const unsupported = (field: string, value: string | readonly string[], supported: string[]): FieldFault => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((each) => JSON.stringify(each)).join(', ')}`,
});

/** True for `All`, false when absent; anything else is 422, as a misspelt dry-run must never be a write. */
export function dryRunOf(values: readonly string[], optionsKind: string): boolean {
  const bad = values.filter((value) => value !== 'All');
  if (bad.length > 0) throw invalid(meta(optionsKind), '', [unsupported('dryRun', values, ['All'])]);
  return values.length > 0;
}

const validations = ['Strict', 'Warn', 'Ignore'] as const;

/** Reads PatchOptions or CreateOptions from a query. Keys are case-sensitive, as in the real server. */
export function writeOptions(
  query: URLSearchParams,
  optionsKind: 'PatchOptions' | 'CreateOptions',
  userAgent: string,
  isApply: boolean,
): WriteOptions {
  const dryRun = dryRunOf(query.getAll('dryRun'), optionsKind);
  const wanted = query.get('fieldValidation') ?? 'Warn';
  const validation = validations.find((each) => each === wanted);
  if (!validation) throw invalid(meta(optionsKind), '', [unsupported('fieldValidation', wanted, [...validations])]);
  const manager = query.get('fieldManager') ?? '';
  if (isApply && manager === '')
    throw invalid(meta(optionsKind), '', [
      { reason: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' },
    ]);
  if (!isApply && query.has('force'))
    throw invalid(meta(optionsKind), '', [
      { reason: 'FieldValueForbidden', field: 'force', message: 'Forbidden: may not be specified for non-apply patch' },
    ]);
  const fallback = userAgent.split('/')[0]?.trim() || 'unknown';
  return { manager: manager || fallback, dryRun, force: query.get('force') === 'true', validation };
}

/** Parses a JSON body; 400 in the words of the sandbox where it is not JSON, 413 is the server's matter. */
export function parseBody(text: string): unknown {
  if (text.includes('"__proto__"')) throw badRequest('the sandbox refuses the key "__proto__"');
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ApiError(400, 'BadRequest', `error decoding body, the sandbox reads JSON only: ${why}`);
  }
}
