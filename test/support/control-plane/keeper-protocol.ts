/** What the keeper is told: run this program. */
export interface Order {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** What the keeper says of a program. */
export type Report =
  | { readonly name: string; readonly event: 'started'; readonly pid: number }
  | { readonly name: string; readonly event: 'ended'; readonly how: string };
