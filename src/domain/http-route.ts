import type { IncomingMessage, ServerResponse } from 'node:http';

/** What an adapter serves on the one listener of the program: Slack's signed requests, metrics, health. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST';
  /** The whole path, such as `/slack/interactive`. */
  readonly path: string;
  /** Bytes of a body; more is refused before the handler runs. */
  readonly maxBytes: number;
  /** Only for who may see the inside of the server; the listener checks that too. */
  readonly operatorsOnly?: true;
  /** Checks by itself who is asking: the listener has checked Host and Origin. */
  handle(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void>;
}
