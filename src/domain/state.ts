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
  /** Atomic and durable replacement, for views that decide nothing. */
  replace(path: string, content: string): Promise<void>;
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
