import type { RawResponse } from '../domain/cluster.ts';
import type { CountersignError } from '../domain/errors.ts';
import { isJsonObject, stringAt } from '../domain/json.ts';
import type { Masked } from '../domain/masked.ts';
import type { Masker } from '../domain/masker.ts';
import type { MutatingRequest } from '../domain/request.ts';
import type { ChangeResult } from './answer/outcome.ts';

/** How one request ended. */
export interface Sent {
  readonly result: ChangeResult;
  readonly warnings?: readonly Masked<string>[];
  readonly error?: CountersignError;
}

/** What the API server's answer means, in a word. */
export function sentResult(masker: Masker, request: MutatingRequest, response: RawResponse): Sent {
  return { result: wordFor(request, response), warnings: response.warnings.map((warning) => masker.text(warning)) };
}

function wordFor(request: MutatingRequest, response: RawResponse): ChangeResult {
  switch (request.action) {
    case 'apply':
      return response.httpStatus === 201 ? 'created' : 'configured';
    case 'scale':
      return 'scaled';
    case 'exec':
      return 'ran';
    case 'delete':
      return isGoing(response) ? 'terminating' : 'deleted';
  }
}

/** Finalizers, foreground deletion and grace periods answer with the object and its deletionTimestamp: it is still there. */
const isGoing = ({ body }: RawResponse): boolean =>
  isJsonObject(body) && stringAt(body, 'metadata', 'deletionTimestamp') !== undefined;
