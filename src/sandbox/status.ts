import type { Json, JsonObject } from './json.ts';

/** The names of a resource that error texts need. */
export interface ResourceName {
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
}

export interface Cause extends JsonObject {
  reason: string;
  message: string;
}

/** A failed request. It becomes a `Status` of the API, or plain text where the real server answers so. */
export class ApiError extends Error {
  readonly code: number;
  readonly body: JsonObject | string;

  constructor(code: number, reason: string, message: string, details?: JsonObject) {
    super(message);
    this.code = code;
    const status: JsonObject = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message };
    if (reason !== '') status.reason = reason;
    if (details) status.details = details;
    this.body = { ...status, code };
  }
}

/** What the real server answers for a path that it does not serve: text, not a Status. */
export class PageNotFound extends Error {
  readonly code = 404;
  readonly body = '404 page not found\n';
}

const qualified = (of: ResourceName): string => (of.group === '' ? of.resource : `${of.resource}.${of.group}`);

function details(of: ResourceName, name: string, causes?: Cause[]): JsonObject {
  const found: JsonObject = name === '' ? { kind: of.resource } : { name, kind: of.resource };
  if (of.group !== '') found.group = of.group;
  if (causes) found.causes = causes;
  return found;
}

export const notFound = (of: ResourceName, name: string): ApiError =>
  new ApiError(404, 'NotFound', `${qualified(of)} "${name}" not found`, details(of, name));

export const alreadyExists = (of: ResourceName, name: string): ApiError =>
  new ApiError(409, 'AlreadyExists', `${qualified(of)} "${name}" already exists`, details(of, name));

export const conflict = (of: ResourceName, name: string, why: string): ApiError =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`,
    details(of, name),
  );

export const modified = (of: ResourceName, name: string): ApiError =>
  conflict(of, name, 'the object has been modified; please apply your changes to the latest version and try again');

export const forbidden = (of: ResourceName, name: string, why: string, causes?: Cause[]): ApiError =>
  new ApiError(403, 'Forbidden', `${qualified(of)} "${name}" is forbidden: ${why}`, details(of, name, causes));

/** One field that validation refuses; `field` is a path such as `spec.replicas`. */
export interface FieldFault {
  readonly reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueNotSupported';
  readonly field: string;
  readonly message: string;
}

export function invalid(of: ResourceName, name: string, faults: FieldFault[]): ApiError {
  const kind = of.group === '' ? of.kind : `${of.kind}.${of.group}`;
  const texts = faults.map((fault) => `${fault.field}: ${fault.message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const causes = faults.map(({ reason, message, field }): JsonObject => ({ reason, message, field }));
  const about: JsonObject = { name, group: of.group, kind: of.kind, causes };
  for (const key of ['name', 'group', 'kind']) if (about[key] === '') delete about[key];
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, about);
}

export const invalidValue = (field: string, value: Json | undefined, why: string): FieldFault => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${JSON.stringify(value ?? null)}: ${why}`,
});

export const required = (field: string, why = ''): FieldFault => ({
  reason: 'FieldValueRequired',
  field,
  message: why === '' ? 'Required value' : `Required value: ${why}`,
});

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

/** A path below a known group and version that leads nowhere. */
export const noResource = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

/** The real server gives no reason for what server-side apply cannot type. */
export const untyped = (message: string): ApiError => new ApiError(500, '', message);

/** What only the sandbox lacks; the text says so, that nobody takes it for a fault of their request. */
export const notInSandbox = (what: string): ApiError =>
  new ApiError(405, 'MethodNotAllowed', `the sandbox does not do ${what}; use a real cluster for it`);
