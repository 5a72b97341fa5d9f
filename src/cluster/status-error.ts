import { CountersignError, type ErrorDetails, type FieldConflict } from '../domain/errors.ts';
import { type Json, listAt, stringAt } from '../domain/json.ts';
import type { ApiResponse } from './answer.ts';
import { unknownError } from './connection-failure.ts';
import { isStatus } from './parse.ts';

export interface Asked {
  /** `get Deployment shop/web`: identifiers and our own words. */
  readonly what: string;
  readonly mutates: boolean;
  /** For a create, where every 409 says that the object is there already. */
  readonly creates?: boolean;
  readonly host: string;
}

interface Refusal {
  readonly asked: Asked;
  readonly response: ApiResponse;
  /** The Status; undefined where the server answered something else. */
  readonly status: Json | undefined;
  /** Text of the server: may quote values, so it goes into `upstream` and nowhere else. */
  readonly upstream: string;
}

/** What an answer of 4xx or 5xx means. The API server misclassifies some; each case here was seen on a real one. */
export function statusError(response: ApiResponse, body: Json | undefined, asked: Asked): CountersignError {
  const status = isStatus(body) ? body : undefined;
  const upstream = (stringAt(status, 'message') ?? response.text).slice(0, 64 * 1024);
  const refusal: Refusal = { asked, response, status, upstream };
  if (response.status >= 500) return serverError(refusal);
  const known = byStatus[response.status];
  return known === undefined
    ? fail(refusal, 'Failed', `the API server answered ${response.status} to: ${asked.what}`)
    : known(refusal);
}

function fail(refusal: Refusal, code: CountersignError['code'], message: string, details: ErrorDetails = {}) {
  const { response, upstream } = refusal;
  return new CountersignError(code, message, { ...details, upstream, httpStatus: response.status });
}

const byStatus: Readonly<Record<number, (refusal: Refusal) => CountersignError>> = {
  400: (refusal) =>
    fail(refusal, 'Invalid', `the API server cannot read this: ${refusal.asked.what}`, {
      hint: 'correct what it names',
    }),
  401: (refusal) =>
    fail(refusal, 'Unavailable', `the API server at ${refusal.asked.host} does not accept our own credentials`, {
      hint: 'tell the operator: the credentials of Countersign have expired or are wrong; countersign doctor checks them',
    }),
  403: forbidden,
  404: notFound,
  405: (refusal) => fail(refusal, 'Invalid', `this kind does not support it: ${refusal.asked.what}`),
  406: (refusal) => fail(refusal, 'Invalid', `this kind does not support it: ${refusal.asked.what}`),
  409: conflict,
  410: expired,
  413: (refusal) => fail(refusal, 'Invalid', `too large for the API server: ${refusal.asked.what}`),
  415: (refusal) => fail(refusal, 'Invalid', `this kind does not support it: ${refusal.asked.what}`),
  422: unprocessable,
  429: (refusal) =>
    fail(refusal, 'Unavailable', `the API server at ${refusal.asked.host} has too much to do; nothing was changed`, {
      hint: `try again in ${refusal.response.retryAfter ?? 10} s`,
    }),
};

function forbidden(refusal: Refusal): CountersignError {
  const { what } = refusal.asked;
  if (causes(refusal.status, 'NamespaceTerminating').length > 0) {
    return fail(refusal, 'Conflict', `the namespace is being deleted, nothing can be created in it: ${what}`, {
      conflict: 'gone',
      hint: 'wait until the namespace is gone and create it again, or use another one',
    });
  }
  if (/ cannot [a-z]+ resource /.test(refusal.upstream)) {
    return fail(refusal, 'Forbidden', `the RBAC of the cluster does not let Countersign do this: ${what}`, {
      hint: 'tell the operator which right is missing; another tool will not have it either',
    });
  }
  return fail(refusal, 'Forbidden', `admission control or a quota of the cluster refused this: ${what}`, {
    hint: 'do what it says, or tell the user',
  });
}

function notFound(refusal: Refusal): CountersignError {
  const { what } = refusal.asked;
  if (refusal.status === undefined) {
    return fail(refusal, 'NotFound', `the API server does not serve this kind (any more, or yet): ${what}`, {
      hint: 'if its CustomResourceDefinition was applied just now, try again in a moment',
    });
  }
  if (stringAt(refusal.status, 'details', 'kind') === 'namespaces' && !/ Namespace [^ /]+$/.test(what)) {
    return fail(refusal, 'NotFound', `the namespace does not exist: ${what}`, { hint: 'create the namespace first' });
  }
  return fail(refusal, 'NotFound', `there is no such object: ${what}`);
}

function conflict(refusal: Refusal): CountersignError {
  const { asked, status } = refusal;
  const owned = causes(status, 'FieldManagerConflict');
  if (owned.length > 0) {
    const conflicts = owned.map(fieldConflict);
    const fields = conflicts.length === 1 ? '1 field belongs' : `${conflicts.length} fields belong`;
    return fail(refusal, 'Conflict', `${fields} to another manager: ${asked.what}`, {
      conflict: 'ownership',
      conflicts,
      lines: conflicts.map(({ field, manager }) => `${field}: ${manager}`),
      data: { conflicts: conflicts.map(({ field, manager }) => ({ field, manager })) },
      hint: 'leave out what you need not set; take over the rest with forceConflicts',
    });
  }
  if (asked.creates || stringAt(status, 'reason') === 'AlreadyExists') {
    return fail(refusal, 'Conflict', `it exists already, somebody was faster: ${asked.what}`, {
      conflict: 'exists',
      hint: 'look at it with get, and apply again if it should still be changed',
    });
  }
  if (/UID in (?:the )?precondition|uid mismatch/i.test(refusal.upstream)) return gone(refusal);
  return fail(refusal, 'Conflict', `the object was changed in between: ${asked.what}`, {
    conflict: 'race',
    hint: 'nothing was changed by this call; look at the object with get, and send the call again',
  });
}

function unprocessable(refusal: Refusal): CountersignError {
  // an apply with the right resourceVersion and another uid: made again under the same name
  if (causes(refusal.status, 'FieldValueInvalid').some((cause) => stringAt(cause, 'field') === 'metadata.uid')) {
    return gone(refusal);
  }
  return fail(refusal, 'Invalid', `the API server does not accept this: ${refusal.asked.what}`, {
    hint: 'correct what it names',
  });
}

const gone = (refusal: Refusal): CountersignError =>
  fail(refusal, 'Conflict', `the object that was reviewed is gone: ${refusal.asked.what}`, { conflict: 'gone' });

/** `data.continue`: the token with which the server offers to go on, over what is there now. */
function expired(refusal: Refusal): CountersignError {
  const offered = stringAt(refusal.status, 'metadata', 'continue');
  return fail(refusal, 'Invalid', 'the list has changed since its first page; its continue token has expired', {
    hint: 'list again from the start',
    ...(offered === undefined || offered === '' ? {} : { data: { continue: offered } }),
  });
}

const causes = (status: Json | undefined, reason: string): readonly Json[] =>
  listAt(status, 'details', 'causes').filter((cause) => stringAt(cause, 'reason') === reason);

const fieldConflict = (cause: Json): FieldConflict => ({
  manager: /^conflict with "([^"]*)"/.exec(stringAt(cause, 'message') ?? '')?.[1] ?? 'unknown',
  field: stringAt(cause, 'field') ?? 'unknown',
});

// 500 without a reason for what is wrong with the manifest: an unknown field, a wrong type, bad base64
const manifestErrors = /failed to create typed patch object|failed to convert new object/;

function serverError(refusal: Refusal): CountersignError {
  const { asked, response, upstream } = refusal;
  if (response.status === 500 && manifestErrors.test(upstream)) {
    return fail(refusal, 'Invalid', `the manifest does not fit the schema of its kind: ${asked.what}`, {
      hint: 'correct the field that it names',
    });
  }
  if (asked.mutates) {
    return unknownError(asked.what, `the API server answered ${response.status}`, undefined, upstream);
  }
  return fail(refusal, 'Unavailable', `the API server at ${asked.host} answered ${response.status}: ${asked.what}`, {
    hint: 'nothing was changed; try again later',
  });
}
