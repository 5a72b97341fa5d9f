import { CountersignError } from '../domain/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import type { ApiResponse } from './answer.ts';
import { withoutManagedFields } from './managed-fields.ts';

export type ManagedFields = 'kept' | 'left out';

/** The body as JSON; undefined where it is not JSON (a plain-text 404, a proxy's page). */
export function parseBody({ contentType, text }: ApiResponse, managedFields: ManagedFields = 'kept'): Json | undefined {
  if (!contentType.startsWith('application/json')) return undefined;
  try {
    return JSON.parse(managedFields === 'kept' ? text : withoutManagedFields(text)) as Json;
  } catch {
    return undefined;
  }
}

export const isStatus = (body: Json | undefined): body is JsonObject => isJsonObject(body) && body.kind === 'Status';

/** Of a 2xx, where an object must be. @throws Unavailable */
export function objectOf(body: Json | undefined, host: string): JsonObject {
  if (isJsonObject(body)) return body;
  throw new CountersignError('Unavailable', `what answers at ${host} is not a Kubernetes API server`, {
    hint: 'tell the operator to check the address of the cluster',
  });
}
