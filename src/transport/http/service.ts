import type { Signal } from '../../domain/hangup.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Standing } from '../../domain/standing.ts';
import type { MirroredParam } from './modern-params.ts';
import type { RequestId } from './rpc.ts';

/** Who is at the other end, as far as a method may know. */
export interface Peer {
  readonly principal: Principal;
  readonly client: { readonly name: string; readonly version: string };
  readonly revision: string;
  /** What the client said that it can do; of no weight for security. */
  readonly capabilities: JsonObject;
  /** Undefined: a request that stands alone. */
  readonly session: string | undefined;
}

/** One request, already authenticated. */
export interface McpRequest {
  readonly id: RequestId;
  readonly params: JsonObject;
  /** Of the whole message. */
  readonly bytes: number;
  readonly peer: Peer;
  /** Aborted when the client cancels, closes its stream or may not call any more. */
  readonly signal: Signal;
  readonly standing: Standing;
  /** A message before the answer, on the stream of this request. */
  send(message: string): void;
  /** Closes the connection but not the request: the client comes back with Last-Event-ID. Nothing without a session. */
  release(): void;
}

/** JSON text of the result. @throws RpcError */
export type Method = (request: McpRequest) => Promise<string> | string;

/** One call to its end, as JSON text of a `CallToolResult`; `patient` when nobody is kept waiting. */
export type RunCall = (request: McpRequest, patient: boolean) => Promise<string>;

/** What is served, whatever the transport: the program's own methods, or those of a test. */
export interface McpService {
  readonly methods: ReadonlyMap<string, Method>;
  readonly serverInfo: { readonly name: string; readonly title: string; readonly version: string };
  readonly instructions: string;
  capabilities(revision: string): JsonObject;
  /** By published tool: the arguments that a request of 2026-07-28 must repeat in headers. */
  readonly mirrored: ReadonlyMap<string, readonly MirroredParam[]>;
  /** The tool that a request calls, for the scope that it needs. */
  toolNamed(published: string): string;
  /** An answer to a request of the server, if it sends such. */
  readonly answered?: (session: string | undefined, message: JsonObject) => void;
}
