import { createHmac, randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../src/domain/json.ts';
import { invalidParams, RpcError } from '../../../src/transport/http/rpc.ts';
import type { McpRequest } from '../../../src/transport/http/service.ts';

/** What a call asks of its client, one question after the other, before it answers (2026-07-28, "Multi Round-Trip Requests"). */
export interface Questions {
  readonly name: string;
  /** The questions of each round, by key. */
  readonly rounds: readonly JsonObject[];
}

const capability: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/** The questions that are open, or what `done` makes of the answers. @throws RpcError for a state or answers that are none */
export function gather(
  questions: Questions,
  { params, peer }: Pick<McpRequest, 'params' | 'peer'>,
  done: (answers: JsonObject) => JsonObject,
): JsonObject {
  const { round, answers } = opened(questions.name, params);
  const asked = answerable(questions.rounds[round] ?? {}, peer.capabilities);
  const given = responses(params);
  const known = { ...answers, ...only(given, (key) => Object.hasOwn(asked, key)) };
  const open = only(asked, (key) => !Object.hasOwn(known, key));
  if (Object.keys(open).length > 0) return inputRequired(questions.name, open, { round, answers: known });
  const next = questions.rounds[round + 1];
  if (next === undefined) return done(known);
  return inputRequired(questions.name, answerable(next, peer.capabilities), { round: round + 1, answers: known });
}

const only = (of: JsonObject, wanted: (key: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(of).filter(([key]) => wanted(key)));

/** Nobody is asked what he did not say that he can answer. */
function answerable(asked: JsonObject, capabilities: JsonObject): JsonObject {
  const needed = (key: string): string => {
    const each = asked[key];
    return (isJsonObject(each) && capability[String(each.method)]) || '';
  };
  const kept = only(asked, (key) => capabilities[needed(key)] !== undefined);
  if (Object.keys(kept).length > 0) return kept;
  const requiredCapabilities = Object.fromEntries(Object.keys(asked).map((key) => [needed(key), {}]));
  throw new RpcError(-32021, 'Missing required client capability', { requiredCapabilities }, 400);
}

function responses({ inputResponses = {} }: JsonObject): JsonObject {
  if (!isJsonObject(inputResponses) || !Object.values(inputResponses).every(isJsonObject))
    throw invalidParams('inputResponses must be an object of objects');
  return inputResponses;
}

interface Progress {
  readonly round: number;
  readonly answers: JsonObject;
}

const inputRequired = (name: string, inputRequests: JsonObject, progress: Progress): JsonObject => ({
  resultType: 'input_required',
  inputRequests,
  requestState: sealed(name, JSON.stringify(progress)),
});

const key = randomBytes(32);
const seal = (name: string, text: string): string =>
  createHmac('sha256', key).update(`${name}\0${text}`).digest('base64url');
const sealed = (name: string, text: string): string => `${Buffer.from(text).toString('base64url')}.${seal(name, text)}`;

function opened(name: string, { requestState }: JsonObject): Progress {
  if (requestState === undefined) return { round: 0, answers: {} };
  const text = Buffer.from(String(requestState).split('.', 1)[0] ?? '', 'base64url').toString('utf8');
  if (sealed(name, text) !== requestState) throw invalidParams('requestState is not what this server gave');
  const progress: unknown = JSON.parse(text);
  const { round, answers } = isJsonObject(progress) ? progress : {};
  return { round: Number(round), answers: isJsonObject(answers) ? answers : {} };
}
