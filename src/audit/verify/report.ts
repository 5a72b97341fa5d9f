type FaultKind =
  | 'form'
  | 'seq'
  | 'time'
  | 'link'
  | 'type'
  | 'first-line'
  | 'head'
  | 'torn'
  | 'story'
  | 'checkpoint'
  | 'signature'
  | 'attached';

/** What is wrong, and where. */
export interface VerifyFault {
  readonly kind: FaultKind;
  /** Of the log; `(from outside)` where a checkpoint that was given is meant. */
  readonly file: string;
  /** Counted from 1; undefined where the whole file is meant. */
  readonly line: number | undefined;
  readonly message: string;
}

export interface VerifiedChain {
  readonly file: string;
  readonly lines: number;
  /** SHA-256 of the last whole line, in hex. */
  readonly head: string | undefined;
  /** Bytes of an unfinished last line, which is kept. */
  readonly tornBytes: number;
}

/** What checkpoints from outside prove. */
export interface Covered {
  /** Of the newest one, ISO 8601. */
  readonly until: string;
  /** Lines that they bind: none of them can have been changed or be missing. */
  readonly lines: number;
  /** Lines that are newer. */
  readonly newer: number;
}

export interface VerifyReport {
  readonly consistent: boolean;
  readonly chains: readonly VerifiedChain[];
  readonly lines: number;
  /** The first 1,000. */
  readonly faults: readonly VerifyFault[];
  readonly faultCount: number;
  /** Invocations that were authorized and have no outcome. */
  readonly openIntents: readonly string[];
  /** Checkpoints in the log, and whether their signatures could be looked at. */
  readonly checkpoints: { readonly count: number; readonly signatures: 'good' | 'bad' | 'not checked' };
  readonly covered: Covered | undefined;
  /** Chains that others name and that are not here, where only a part was to be verified. */
  readonly absent: readonly string[];
  /** For people: `consistent; completeness unproven without an outside checkpoint`. */
  readonly summary: string;
}

type Facts = Pick<VerifyReport, 'faultCount' | 'checkpoints' | 'covered' | 'absent'>;

export function summaryOf({ faultCount, checkpoints, covered, absent }: Facts): string {
  if (faultCount > 0) return `NOT consistent: ${faultCount} ${faultCount === 1 ? 'fault' : 'faults'}`;
  const complete =
    covered === undefined
      ? 'completeness unproven without an outside checkpoint'
      : `complete up to ${covered.until}, as the checkpoint from outside says; ${covered.newer} lines are newer`;
  return [
    'consistent',
    complete,
    ...(absent.length === 0
      ? []
      : [`only a part: ${absent.length} chains that it names are not here, its story is not checked`]),
    ...(checkpoints.signatures === 'not checked' && checkpoints.count > 0
      ? [`the signatures of ${checkpoints.count} checkpoints are not checked: no public key was given`]
      : []),
  ].join('; ');
}
