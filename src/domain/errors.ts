import type { JsonObject } from './json.ts';

/**
 * Why a call did not do what was asked. A closed set: transport maps each to one result status, audit to one event.
 * `Unknown` is not a failure: it says that nobody knows whether the change was made.
 */
const errorCodes = [
  'Unauthorized',
  'RateLimited',
  'AuditUnavailable',
  'Invalid',
  'Denied',
  'NotFound',
  'Conflict',
  'ApprovalDenied',
  'ApprovalExpired',
  'ApprovalWithdrawn',
  'PlanDrifted',
  'Forbidden',
  'MaskingUnavailable',
  'Unavailable',
  'Failed',
  'Unknown',
  'Internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetails {
  /** What the caller can do next, one sentence in the imperative. */
  readonly hint?: string;
  /** Text of the API server or of a program: raw, shown only after the mask and only to who may read the object. */
  readonly upstream?: string;
  /** HTTP status of the API server, where it answered. */
  readonly httpStatus?: number;
  /** `race`: somebody wrote in between, planning again may help. `ownership`: a field belongs to another manager. */
  readonly conflict?: 'race' | 'ownership' | 'exists' | 'gone';
  /** With `ownership`: which manager has which field, as the API server names them. */
  readonly conflicts?: readonly FieldConflict[];
  /** More lines under the message, in our own words and the caller's; live values only after the mask. */
  readonly lines?: readonly string[];
  /** The same for programs: `rule`, `approval`, `conflicts` … */
  readonly data?: JsonObject;
  readonly cause?: unknown;
}

export interface FieldConflict {
  readonly manager: string;
  /** As the API server prints it: `.spec.replicas`. */
  readonly field: string;
}

/**
 * The one error of this program. `message` holds our own words, identifiers and what the caller sent, never text of the
 * cluster: that goes into `upstream`, which passes the mask before anybody sees it.
 */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly upstream: string | undefined;
  readonly httpStatus: number | undefined;
  readonly conflict: ErrorDetails['conflict'];
  readonly conflicts: readonly FieldConflict[];
  readonly lines: readonly string[];
  readonly data: JsonObject;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.upstream = details.upstream;
    this.httpStatus = details.httpStatus;
    this.conflict = details.conflict;
    this.conflicts = details.conflicts ?? [];
    this.lines = details.lines ?? [];
    this.data = details.data ?? {};
  }
}

export const invalid = (message: string, hint?: string): CountersignError =>
  new CountersignError('Invalid', message, hint === undefined ? {} : { hint });

/** Anything thrown, as a CountersignError: what we did not throw ourselves is `Internal` and keeps its cause. */
export const toCountersignError = (thrown: unknown): CountersignError =>
  thrown instanceof CountersignError
    ? thrown
    : new CountersignError('Internal', 'Countersign failed on this call', {
        hint: 'tell the operator; the operational log has the cause',
        cause: thrown,
      });
