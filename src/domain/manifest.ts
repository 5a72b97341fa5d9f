import type { JsonObject } from './json.ts';

export interface ParsedManifest {
  /** Each document, flattened out of Lists, cleaned of what the server manages, in the order given. */
  readonly documents: readonly JsonObject[];
  /** What was taken out or skipped, for the agent. */
  readonly notes: readonly string[];
}

/** Written by its owner: see the brief. @throws Invalid */
export function parseManifest(_text: string): ParsedManifest {
  throw new Error('being written');
}
