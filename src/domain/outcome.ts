import type { ErrorCode } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { Masked } from './masked.ts';

export const statuses = [
  'ok',
  'executed',
  'dry_run',
  'approval_pending',
  'partial',
  'failed',
  'unknown',
  'denied',
  'expired',
  'withdrawn',
  'drifted',
  'invalid',
  'conflict',
  'not_found',
  'forbidden',
  'unauthorized',
  'rate_limited',
  'masking_unavailable',
  'unavailable',
] as const;
export type Status = (typeof statuses)[number];

/** How each error is told to agents. */
export const statusOf: Readonly<Record<ErrorCode, Status>> = {
  Unauthorized: 'unauthorized',
  RateLimited: 'rate_limited',
  AuditUnavailable: 'unavailable',
  Invalid: 'invalid',
  Denied: 'denied',
  NotFound: 'not_found',
  Conflict: 'conflict',
  ApprovalDenied: 'denied',
  ApprovalExpired: 'expired',
  ApprovalWithdrawn: 'withdrawn',
  PlanDrifted: 'drifted',
  Forbidden: 'forbidden',
  MaskingUnavailable: 'masking_unavailable',
  Unavailable: 'unavailable',
  Failed: 'failed',
  Unknown: 'unknown',
  Internal: 'failed',
};

/** The answer to a call, before a transport gives it a form. Everything in it passed the mask. */
export interface Outcome {
  readonly status: Status;
  /** First sentence: outcome and cluster. */
  readonly message: Masked<string>;
  readonly next: Masked<string> | undefined;
  /** Structured: complete by itself, without message and next. */
  readonly data: Masked<JsonObject>;
  /** The same data as people and models read it; undefined: everything is in the message. */
  readonly text: Masked<string> | undefined;
}

/** Refusals are errors to a client; waiting, and a program that exits non-zero, are not. */
export const isRefusal = (status: Status): boolean =>
  !['ok', 'executed', 'dry_run', 'approval_pending'].includes(status);
