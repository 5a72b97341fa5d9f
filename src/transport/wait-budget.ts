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

/** Milliseconds that a client of this name may wait for a person; asked at each call, mostly by the same client. */
export type WaitBudget = (client: string, progress: boolean) => number;

export function waitBudgets({ clients, withProgress, withoutProgress }: WaitTable): WaitBudget {
  const parts = Object.entries(clients).map(([part, patience]) => [part.toLowerCase(), patience] as const);
  const find = (client: string): Patience | undefined => {
    const name = client.toLowerCase();
    return parts.find(([part]) => name.includes(part))?.[1];
  };
  let last: { readonly client: string; readonly patience: Patience | undefined } | undefined;
  return (client, progress) => {
    if (last?.client !== client) last = { client, patience: find(client) };
    const patience = last.patience ?? (progress ? withProgress : withoutProgress);
    return patience === 'decideWithin' ? asLongAsItTakes : patience;
  };
}
