import type { Masked } from './masked.ts';
import type { Outcome } from './outcome.ts';
import type { Principal } from './principal.ts';

/** One call as a transport hands it to the gate. */
export interface Invocation {
  readonly tool: string;
  /** As the client sent it: parsed JSON, not checked. */
  readonly input: unknown;
  /** Of the whole call, in bytes. */
  readonly inputBytes: number;
  readonly principal: Principal;
  readonly client: { readonly name: string; readonly version: string };
  /** Aborted when the client cancels or goes: the wait detaches, nothing runs unclaimed. */
  readonly signal: AbortSignal;
  /** Undefined: the client did not ask for progress. */
  readonly progress: ((note: Masked<string>) => void) | undefined;
  /**
   * Whether the caller is still good: its token, its session and its principal. Asked again at the claim, after a wait, and
   * while a stream is open. Absent: a caller that brings none of these. @throws Unauthorized
   */
  readonly standing?: () => Promise<void>;
  /** How long this client lets a call wait for a person, in milliseconds. */
  readonly waitBudget: number;
}

/** The one way from a call to an answer. Never throws: a refusal is an Outcome. Implemented by `src/gate/invoke.ts`. */
export type Invoke = (invocation: Invocation) => Promise<Outcome>;
