import type { Frame } from '../domain/recording.ts';
import type { Line, Place } from './chain-lines.ts';

/** Encodes lines, chains them and writes them. */
export interface Writer {
  /**
   * Lines behind `place`, whole in the file that this process has open under that number when it resolves with where the chain
   * stands then. One at a time of each file.
   * @throws what the disk threw; of a thread also that it ended
   */
  write(file: number, place: Place, lines: readonly Line[]): Promise<Place>;
}

/** A writer that is a thread of its own. */
export interface WriterThread extends Writer {
  /** What `sealFrames` makes of them. @throws what kept it from that */
  seal(recipients: readonly string[], frames: readonly Frame[]): Promise<string>;
  /** Resolves when it writes no more, by itself or because it was stopped. */
  readonly ended: Promise<void>;
  /** What it has not written by then is refused. */
  stop(): void;
}

/** Lends one thread to all files that want one. */
export interface WriterLender {
  /** @throws what kept the thread from starting */
  borrow(): Promise<WriterThread>;
  giveBack(): void;
}

/** Milliseconds for which the thread is kept for the next file: to start one takes as long as to write much. */
const usuallyKept = 30_000;

export function lendWriter(start: () => Promise<WriterThread>, keepFor = usuallyKept): WriterLender {
  let users = 0;
  let leaving: NodeJS.Timeout | undefined;
  let current: Promise<WriterThread> | undefined;
  const begin = (): Promise<WriterThread> => {
    const begun = start();
    const forget = (): void => {
      if (current === begun) current = undefined;
    };
    begun.then(({ ended }) => ended.then(forget), forget);
    return begun;
  };
  const end = (): void => {
    current?.then(
      (thread) => thread.stop(),
      () => undefined,
    );
    current = undefined;
  };
  const giveBack = (): void => {
    users -= 1;
    if (users === 0) leaving = setTimeout(end, keepFor).unref();
  };
  return {
    borrow: async () => {
      users += 1;
      clearTimeout(leaving);
      current ??= begin();
      try {
        return await current;
      } catch (thrown) {
        giveBack();
        throw thrown;
      }
    },
    giveBack,
  };
}

/** The thread for one who may come to need it: asked for once, there when it has started, given back at the end. */
export class Loan {
  readonly #lender: WriterLender;
  #thread: WriterThread | undefined;
  #isAsked = false;
  #isOver = false;

  constructor(lender: WriterLender) {
    this.#lender = lender;
  }

  /** Undefined until it has come; one that does not start is done without. */
  get thread(): WriterThread | undefined {
    return this.#thread;
  }

  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#lender.borrow().then(
      (thread) => {
        if (this.#isOver) this.#lender.giveBack();
        else this.#thread = thread;
      },
      () => undefined,
    );
  }

  end(): void {
    this.#isOver = true;
    if (this.#thread !== undefined) this.#lender.giveBack();
    this.#thread = undefined;
  }
}
