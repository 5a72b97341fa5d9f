import { CountersignError } from '../domain/errors.ts';

/** What a caller hears whose event is not on disk. */
export function unavailable(folder: string, cause: unknown): CountersignError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CountersignError('AuditUnavailable', `the audit log in ${folder} cannot be written${code}`, {
    hint: 'make room or make the folder writable; the log goes on by itself then',
    ...(cause === undefined ? {} : { cause }),
  });
}
