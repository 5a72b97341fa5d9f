import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../json.ts';

/** One request, read whole. */
export interface Call {
  readonly method: string;
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A text body is sent as text/plain. */
export interface Answer {
  readonly code: number;
  readonly body: JsonObject | string;
  readonly warnings?: string[];
  readonly type?: string;
}
