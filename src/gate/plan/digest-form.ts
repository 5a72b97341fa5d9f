import { digestForm } from '../../domain/digest.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ObjectRef } from '../../domain/resource.ts';
import type { Gate } from '../gate.ts';

/** The object with a keyed token for each leaf that the mask hides: what is compared, shown and kept is made of it. */
export const inDigestForm = ({ masker, keyed }: Gate, object: ObjectRef, value: JsonObject): JsonObject =>
  digestForm(object, value, masker.sensitivePaths(object.type, value), keyed);
