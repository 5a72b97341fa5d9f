import type { ObjectEffect } from '../effect.ts';
import type { JsonObject } from '../json.ts';
import type { PlannedRequest } from '../request.ts';

/** One request of a plan with what the gate saw of its object. All objects are in digest form: no secret is in them. */
export interface Seen {
  readonly request: PlannedRequest;
  /** Undefined for reads; of a mutation, it counts as unknown. */
  readonly effect: ObjectEffect | undefined;
  /** As it is now, status and all; undefined: it is not there, or was not looked at. */
  readonly before: JsonObject | undefined;
  /** As the dry-run says it will be; undefined: it could not be tried. */
  readonly after: JsonObject | undefined;
  /** What an apply submits. */
  readonly body: JsonObject | undefined;
}

/** The object as it will be, as well as that is known. */
export const next = ({ after, body }: Seen): JsonObject | undefined => after ?? body;

/** Body and effect: what either of them says counts. */
export const said = ({ after, body }: Seen): readonly JsonObject[] =>
  [body, after].filter((each) => each !== undefined);

export const isUnknown = ({ effect }: Seen): boolean => effect === undefined || effect.unknown !== undefined;

/** An apply that takes the last finalizer of a terminating object is a delete too. */
export const isDelete = ({ request, effect }: Seen): boolean =>
  request.action === 'delete' || effect?.action === 'delete';

export const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();
