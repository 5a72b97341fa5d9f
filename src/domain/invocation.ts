import type { Signal } from './hangup.ts';
import type { Masked } from './masked.ts';
import type { Outcome } from './outcome.ts';
import type { Principal } from './principal.ts';
import type { Standing } from './standing.ts';

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
  readonly signal: Signal;
  /** Undefined: the client did not ask for progress. */
  readonly progress: ((note: Masked<string>) => void) | undefined;
  /** Asked at the start, at the claim, while it waits and while a stream is open. Absent: a caller that cannot lose it. */
  readonly standing?: Standing;
  /** How long this client lets a call wait for a person, in milliseconds. */
  readonly waitBudget: number;
}

/** The one way from a call to an answer. Never throws: a refusal is an Outcome. Implemented by `src/gate/invoke.ts`. */
export type Invoke = (invocation: Invocation) => Promise<Outcome>;
