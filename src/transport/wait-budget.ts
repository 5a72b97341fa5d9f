/** How long a client lets a call wait for a person. Milliseconds; `decideWithin`: as long as the approval stays open. */
export type Patience = number | 'decideWithin';

export interface WaitTable {
  /** By a part of `clientInfo.name`, any case; the first that fits. */
  readonly clients: Readonly<Record<string, Patience>>;
  readonly withProgress: Patience;
  readonly withoutProgress: Patience;
}

/** The longest delay that a timer takes; the gate ends a wait with its approval. */
export const asLongAsItTakes = 2 ** 31 - 1;

export const defaultWaits: WaitTable = {
  clients: {
    'claude-code': 'decideWithin',
    'visual studio code': 240_000,
    vscode: 240_000,
    jetbrains: 25_000,
    intellij: 25_000,
  },
  withProgress: 230_000,
  withoutProgress: 50_000,
};

export function waitBudget(table: WaitTable, client: string, progress: boolean): number {
  const name = client.toLowerCase();
  const known = Object.entries(table.clients).find(([part]) => name.includes(part.toLowerCase()))?.[1];
  const patience = known ?? (progress ? table.withProgress : table.withoutProgress);
  return patience === 'decideWithin' ? asLongAsItTakes : patience;
}
