import type { ExecEnd } from '../domain/cluster.ts';
import type { Clock } from '../domain/environment.ts';
import { CountersignError } from '../domain/errors.ts';
import { type Json, listAt, numberAt, stringAt } from '../domain/json.ts';
import type { Frame } from '../domain/recording.ts';
import type { ExecRequest } from '../domain/request.ts';
import { objectLabel } from '../domain/resource.ts';
import type { Api } from './api.ts';
import { unknownError } from './connection-failure.ts';
import { type ExecSocket, openExecSocket } from './exec-socket.ts';
import { runStream } from './exec-stream.ts';
import { objectPath, query } from './paths.ts';
import { readCall } from './reads.ts';

export interface ExecSession {
  /** Looks at the pod; another than the one that executes, which need not be able to read. */
  readonly reads: Api;
  readonly clock: Clock;
}

/**
 * Runs one command in the container that was reviewed. exec has no preconditions, so the pod is read right before and right
 * after connecting; until the second read fits, nothing is sent to or taken from the program. A timeout closes the
 * connection; the remote process is not killed by that.
 * @throws Conflict nothing was started; Unknown the container changed while connecting; Unavailable, Forbidden, NotFound, Invalid
 */
export async function runExec(
  session: ExecSession,
  api: Api,
  request: ExecRequest,
  onFrame: (frame: Frame) => Promise<void>,
): Promise<ExecEnd> {
  const what = `exec in ${objectLabel(request.object)}`;
  const before = await difference(session.reads, request);
  if (before !== undefined) {
    throw new CountersignError('Conflict', `${before}, so nothing was started: ${what}`, {
      conflict: 'gone',
      hint: 'look at the pod again and ask anew',
    });
  }
  const endpoint = await api.client.reach();
  const path = endpoint.basePath + objectPath(request.object, 'exec') + execQuery(request);
  const socket = await openExecSocket(endpoint, api, { path, what, stdin: request.stdin !== undefined });
  await checkAfter(session.reads, request, socket, what);
  return runStream(socket, request, session.clock, onFrame, api.context.signal);
}

async function checkAfter(api: Api, request: ExecRequest, socket: ExecSocket, what: string): Promise<void> {
  let after: string | undefined;
  try {
    after = await difference(api, request);
  } catch (cause) {
    socket.terminate();
    throw unknownError(what, 'the pod could not be read after connecting, so the session was ended', cause);
  }
  if (after === undefined) return;
  socket.terminate();
  throw unknownError(what, `${after} while connecting, so the session was ended`);
}

/** In which way the container is not the reviewed one; undefined: it is. */
async function difference(api: Api, request: ExecRequest): Promise<string | undefined> {
  const found = await api.find(readCall(request.object));
  if (found === undefined) return 'the pod is gone';
  if (stringAt(found.body, 'metadata', 'uid') !== request.uid) return 'the pod is another one of the same name';
  const status = containerStatus(found.body, request.container);
  if (status === undefined) return 'the container has no status';
  const same =
    numberAt(status, 'restartCount') === request.restartCount &&
    stringAt(status, 'state', 'running', 'startedAt') === request.startedAt &&
    (stringAt(status, 'containerID') ?? '') === request.containerId;
  return same ? undefined : 'the container has been restarted';
}

const containerStatus = (pod: Json, name: string): Json | undefined =>
  ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']
    .flatMap((list) => listAt(pod, 'status', list))
    .find((status) => stringAt(status, 'name') === name);

const execQuery = (request: ExecRequest): string =>
  query({
    container: request.container,
    command: request.command,
    stdin: String(request.stdin !== undefined),
    stdout: 'true',
    stderr: 'true',
    tty: 'false',
  });
