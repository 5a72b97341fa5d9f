export interface NewFile {
  readonly path: string;
  readonly content: string;
}

/**
 * The state directory behind one port. 0700, files 0600, local file systems only, a format version in it. What decides is
 * exclusive creation on disk; nothing depends on a lock that can go stale.
 */
export interface State {
  readonly root: string;
  /** Id of this process; it listens on a socket in the directory, and only a process whose socket refuses is dead. */
  readonly process: string;
  /** The path of a folder below the root, made if missing. Segments are checked names. */
  folder(...segments: readonly string[]): Promise<string>;
  /** Write aside, sync, link, sync the folder. False: it exists already, and what is there stays. */
  createExclusive(path: string, content: string): Promise<boolean>;
  /** Several at once, which costs little more than one: each linked in this order, and each its own answer. */
  createExclusiveAll(files: readonly NewFile[]): Promise<readonly boolean[]>;
  /**
   * As `createExclusive` for all processes that live, its folder made if missing; a failure of power may take it away. For what
   * means nothing after one.
   */
  mark(path: string, content: string): Promise<boolean>;
  /** Makes a folder. False: it is there already. Durable after a `sync` of the folder that it is in. */
  takeFolder(path: string): Promise<boolean>;
  /** Makes the names in a folder durable. */
  sync(folder: string): Promise<void>;
  /** Atomic and durable replacement. */
  replace(path: string, content: string): Promise<void>;
  /** Replacement for views that decide nothing: after a failure of power it may be old, gone or torn. */
  show(path: string, content: string): Promise<void>;
  /** One line at the end of a file that others append to as well; a failure of power may take it away. */
  append(path: string, line: string): Promise<void>;
  isAlive(process: string): Promise<boolean>;
  /** AES-256-GCM under a key of the directory; the key's id travels with the text and survives rotation. */
  seal(plaintext: string, purpose: string): string;
  /** @throws Invalid when the key is gone or the text was changed */
  unseal(sealed: string, purpose: string): string;
  readonly keyed: Keyed;
  /**
   * Calls back within 100 ms after another process changed something below the folder, with the names of the files, or
   * undefined where the system does not tell them. Returns how to stop.
   */
  watch(folder: string, changed: (names: ReadonlySet<string> | undefined) => void): () => void;
  close(): Promise<void>;
}

/** HMAC-SHA-256 under a key of the state directory: `hmac-sha256:<key id>:<hex>`. */
export type Keyed = (data: string, keyId?: string) => string;
