export interface Finding {
  readonly level: 'ok' | 'warn' | 'FAIL';
  /** Which check. */
  readonly check: string;
  readonly what: string;
  /** What to do about it. */
  readonly todo?: string;
}

export const ok = (check: string, what: string): Finding => ({ level: 'ok', check, what });
export const warn = (check: string, what: string, todo: string): Finding => ({ level: 'warn', check, what, todo });
export const fail = (check: string, what: string, todo: string): Finding => ({ level: 'FAIL', check, what, todo });

export const because = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
