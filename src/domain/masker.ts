import type { Json, JsonObject } from './json.ts';
import type { Ident, Masked } from './masked.ts';
import type { Path } from './path.ts';
import type { ResourceType } from './resource.ts';

/** What the values at hand are: nothing but structure, or those that a pod or namespace can reach. */
export interface MaskScope {
  /**
   * Known secret values in reach, each with the source that its placeholder names (`Secret db/password`). What looks for them is
   * made once an array: calls with the same values share it.
   */
  readonly values: readonly KnownValue[];
  /** Told how often a source's value stood in what was masked with this scope. */
  readonly onHit?: ((source: string, count: number) => void) | undefined;
}
export interface KnownValue {
  readonly value: string;
  /** Where the value is no text: what it is. `value` is then its base64. */
  readonly bytes?: Uint8Array | undefined;
  readonly source: string;
}

/**
 * Masks what a program writes while it writes it, in bounded memory. All parts, one after the other, are the same text however
 * the bytes were cut: inside of a UTF-8 character, a terminal sequence, a value, an encoding of one, a private key.
 */
export interface MaskedStream {
  /** What is certain by now; what may be the beginning of something to be masked is kept back. */
  push(bytes: Uint8Array): Masked<string>;
  /** The rest. Nothing is pushed afterwards. */
  end(): Masked<string>;
}

/** One line of a log, its time apart. */
export interface LogLine {
  /** RFC 3339 with nine digits of a second; undefined: the line came without one. */
  readonly time: Ident | undefined;
  readonly text: Masked<string>;
}

/** `index`: which of the lines that were pushed it is, or begins with; of a value over several lines it may be one further. */
export type OnLogLine = (line: LogLine, index: number) => void;

/** Takes a log in any pieces. `onLine` is called for each line once nothing that comes can change it. */
export interface LogMask {
  push(bytes: Uint8Array): void;
  end(): void;
  /** Lines that were pushed. */
  readonly lines: number;
}

/** As the API server takes them. */
export interface Selectors {
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
}

/** The only way from a raw value to a Masked one. */
export interface Masker {
  /**
   * By structure (and the scope's values): an API object, a List, a Table, a Status. `type`: of what kind it is, or what it lists,
   * for what the configuration or its schema says of it. `masked` names the paths that were hidden.
   */
  object(
    raw: Json,
    scope?: MaskScope,
    type?: ResourceType,
  ): { readonly value: Masked<Json>; readonly masked: readonly string[] };
  /**
   * Text of a program, with the values of its scope; text of the API server, without one: with all values that are held.
   * `written`: what the caller itself wrote, asked for where a value is found; one that stands in it in the same way is echoed.
   */
  text(raw: string, scope?: MaskScope, written?: () => string): Masked<string>;
  /** For bytes of UTF-8 that come in chunks: output of programs, logs. One channel each. */
  stream(scope: MaskScope): MaskedStream;
  /** A log whose lines begin with their times, as the API server gives it: values over several lines are found all the same. */
  log(scope: MaskScope, onLine: OnLogLine): LogMask;
  /** Our own words, and what the caller itself sent: echoed, with control characters made visible. */
  echo(own: string): Masked<string>;
  /** What a person said, and agents, people and logs are told: as `echo`, but for what is held of Secrets and what is one by its form. */
  words(said: string): Masked<string>;
  /** A value as it is in the cluster, beside what the caller sends: shown exactly, but for what is held of Secrets. */
  live(value: string): Masked<string>;
  /**
   * The leaves of an object that structure hides (Secret data, sensitive env and ConfigMap keys …): digest form and ownership use
   * them. With a scope also those that hold one of its values.
   */
  sensitivePaths(type: ResourceType, object: Json, scope?: Pick<MaskScope, 'values'>): readonly Path[];
  /** The first field or label of selectors whose value is hidden in objects of this kind: selecting by it would tell a guess. */
  hiddenSelector(type: ResourceType, selectors: Selectors): string | undefined;
  /** Whether any of our placeholders stands anywhere in the input (plain, base64, inside a string), and at which path. */
  placeholderIn(input: Json): string | undefined;
  /**
   * The values that can be reached in a namespace of the cluster of this name, and by a pod of it, given as it is in the cluster:
   * every Secret there, and what the pod itself spells out. The usual call sends nothing: they are watched.
   * @throws MaskingUnavailable when they cannot be read whole
   */
  reach(cluster: string, namespace: string, pod?: JsonObject): Promise<MaskScope>;
  /** Without reading anything: what is held of that cluster by now, and the server's own credentials. */
  held(cluster: string): MaskScope;
}
