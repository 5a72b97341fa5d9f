import type { State } from '../../src/domain/state.ts';

/** Thrown by everything that the state of a killed process is asked for. */
class Killed extends Error {}

export interface Crash {
  readonly state: State;
  /** How many file operations were begun. */
  readonly operations: () => number;
}

/** A state whose process is killed before its `at`-th file operation (from 0), and does nothing any more afterwards. */
export function crashing(state: State, at: number, kill: () => never = dead): Crash {
  let operations = 0;
  const before = <A extends readonly unknown[], T>(operation: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      if (operations++ >= at) kill();
      return operation(...args);
    };
  };
  return {
    state: withEach(state, before),
    operations: () => operations,
  };
}

function dead(): never {
  throw new Killed('killed');
}

type Before = <A extends readonly unknown[], T>(operation: (...args: A) => Promise<T>) => (...args: A) => Promise<T>;

/** Each operation that changes files, with what comes before it. */
const withEach = (state: State, before: Before): State => ({
  ...state,
  createExclusive: before(state.createExclusive),
  createExclusiveAll: before(state.createExclusiveAll),
  mark: before(state.mark),
  takeFolder: before(state.takeFolder),
  replace: before(state.replace),
  show: before(state.show),
  append: before(state.append),
});

export interface Stall {
  readonly state: State;
  /** Resolves when the process stands still. */
  readonly stalled: Promise<void>;
  wake(): void;
}

/** A state whose process stands still before its `at`-th file operation (from 0), as by SIGSTOP, and goes on when woken. */
export function stalling(state: State, at: number): Stall {
  let operations = 0;
  let wake = (): void => undefined;
  let stall = (): void => undefined;
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const stalled = new Promise<void>((resolve) => {
    stall = resolve;
  });
  const before = <A extends readonly unknown[], T>(operation: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      if (operations++ >= at) {
        stall();
        await woken;
      }
      return operation(...args);
    };
  };
  return {
    state: withEach(state, before),
    stalled,
    wake: () => wake(),
  };
}
