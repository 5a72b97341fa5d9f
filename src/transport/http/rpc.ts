import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';

export type RequestId = string | number;

/** A JSON-RPC error, as a method answers it. */
export class RpcError extends Error {
  override readonly name = 'RpcError';

  constructor(
    readonly code: number,
    message: string,
    readonly data?: Json,
    /** Where the revision says how HTTP must answer; else 200, and the error is in the body. */
    readonly httpStatus?: number,
  ) {
    super(message);
  }
}

export const invalidParams = (message: string): RpcError => new RpcError(-32602, message);

/** One JSON-RPC 2.0 message of a client. */
export type Message =
  | { readonly kind: 'request'; readonly id: RequestId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'response'; readonly message: JsonObject };

/** What a parsed body is; undefined: no JSON-RPC 2.0 message. */
export function classify(value: unknown): Message | undefined {
  if (!isJsonObject(value) || value.jsonrpc !== '2.0') return undefined;
  const { id, method } = value;
  if (typeof method !== 'string')
    return 'result' in value || 'error' in value ? { kind: 'response', message: value } : undefined;
  const params = isJsonObject(value.params) ? value.params : {};
  if (!Object.hasOwn(value, 'id')) return { kind: 'notification', method, params };
  return isId(id) ? { kind: 'request', id, method, params } : undefined;
}

export const isId = (id: unknown): id is RequestId => typeof id === 'string' || Number.isSafeInteger(id);

/** `result` is JSON text: an answer is made once and never parsed again. */
export const resultMessage = (id: RequestId, result: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;

export const errorMessage = (id: RequestId | null, { code, message, data }: RpcError): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } });
