import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { isModern } from './revisions.ts';
import { invalidParams, RpcError } from './rpc.ts';
import type { McpRequest, Method, RunCall } from './service.ts';
import type { Task, Tasks } from './tasks.ts';

export const tasksExtension = 'io.modelcontextprotocol/tasks';
/** What 2025-11-25 wants to hear of a server with tasks. */
export const tasksCapability: JsonObject = { list: {}, cancel: {}, requests: { tools: { call: {} } } };

/** Milliseconds between two questions of a client. */
const pollEvery = 2_000;

export interface TaskMethodOptions {
  readonly tasks: Tasks;
  readonly run: RunCall;
}

/** `tools/call` with tasks where the client knows them, and the methods that belong to tasks, of both revisions that have any. */
export function createTaskMethods({ tasks, run }: TaskMethodOptions): readonly (readonly [string, Method])[] {
  const mine = (request: McpRequest): Task => {
    const { taskId } = request.params;
    const task = typeof taskId === 'string' ? tasks.find(taskId, request.peer.principal, request.standing) : undefined;
    if (task === undefined) throw invalidParams('There is no such task');
    return task;
  };

  const call: Method = (request) => {
    if (isModern(request.peer.revision)) return hasTasks(request) ? offered(tasks, run, request) : run(request, false);
    return isJsonObject(request.params.task) && request.peer.revision === '2025-11-25'
      ? begun(tasks, run, request, request.params.task)
      : run(request, false);
  };

  const get: Method = (request) => {
    if (!isModern(request.peer.revision)) return JSON.stringify(form2025(mine(request)));
    mustHaveTasks(request);
    return detailed(mine(request));
  };

  const cancel: Method = (request) => {
    if (isModern(request.peer.revision)) {
      mustHaveTasks(request);
      tasks.cancel(mine(request));
      return '{}';
    }
    const task = mine(request);
    if (task.status !== 'working') throw invalidParams(`The task has ended: ${task.status}`);
    tasks.cancel(task);
    return JSON.stringify(form2025(task));
  };

  return [
    ['tools/call', call],
    ['tasks/get', get],
    ['tasks/cancel', cancel],
    ['tasks/update', (request) => updated(request, mine)],
    ['tasks/result', (request) => only2025(request, () => awaited(tasks, mine(request), request))],
    ['tasks/list', (request) => only2025(request, () => listed(tasks, request))],
    ['subscriptions/listen', (request) => subscribed(request)],
  ];
}

const hasTasks = ({ peer }: McpRequest): boolean => {
  const { extensions } = peer.capabilities;
  return isJsonObject(extensions) && extensions[tasksExtension] !== undefined;
};

function mustHaveTasks(request: McpRequest): void {
  if (hasTasks(request)) return;
  const requiredCapabilities = { extensions: { [tasksExtension]: {} } };
  throw new RpcError(-32021, 'Missing required client capability', { requiredCapabilities }, 400);
}

function only2025(request: McpRequest, answer: () => Promise<string> | string): Promise<string> | string {
  if (request.peer.revision === '2025-11-25') return answer();
  throw new RpcError(-32601, 'There is no such method in this revision');
}

/** 2025-11-25: the client asks for a task and gets one. */
function begun(tasks: Tasks, run: RunCall, request: McpRequest, { ttl }: JsonObject): string {
  const { principal } = request.peer;
  const task = tasks.start(principal, request.standing, typeof ttl === 'number' ? ttl : undefined, (inside) =>
    run(asTask(request, inside), true),
  );
  return JSON.stringify({ task: form2025(task) });
}

/** 2026-07-28: the answer, or a task as soon as the call begins to wait for a person. */
async function offered(tasks: Tasks, run: RunCall, request: McpRequest): Promise<string> {
  let waits = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const task = tasks.start(request.peer.principal, request.standing, undefined, (inside) =>
    run(asTask(request, { ...inside, note: both(inside.note, waits) }), true),
  );
  const gone = (): void => tasks.cancel(task);
  request.signal.addEventListener('abort', gone, { once: true });
  await Promise.race([task.ended, waiting]);
  request.signal.removeEventListener('abort', gone);
  if (task.status === 'working' && !request.signal.aborted)
    return JSON.stringify({ resultType: 'task', ...form2026(task) });
  await task.ended;
  tasks.forget(task);
  if (task.result === undefined) throw new RpcError(-32603, 'Cancelled');
  return task.result;
}

const both =
  (note: (message: string) => void, then: () => void) =>
  (message: string): void => {
    note(message);
    then();
  };

/** The same call, for whoever asks for the task: its notes become the task's status. */
function asTask(request: McpRequest, inside: Parameters<Parameters<Tasks['start']>[3]>[0]): McpRequest {
  const { _meta, ...params } = request.params;
  return {
    ...request,
    // Notes are asked for, whatever the client did: they are what the status says.
    params: { ...params, _meta: { ...(isJsonObject(_meta) ? _meta : {}), progressToken: 0 } },
    signal: inside.signal,
    standing: inside.standing,
    send: (message) => {
      const { params: note } = JSON.parse(message) as { params: { message: string } };
      inside.note(note.message);
    },
    release: () => {},
  };
}

const common = (task: Task): JsonObject => ({
  taskId: task.id,
  status: task.status,
  ...(task.statusMessage === undefined ? {} : { statusMessage: task.statusMessage }),
  createdAt: task.createdAt,
  lastUpdatedAt: task.updatedAt,
});
const form2025 = (task: Task): JsonObject => ({ ...common(task), ttl: task.ttl, pollInterval: pollEvery });
const form2026 = (task: Task): JsonObject => ({ ...common(task), ttlMs: task.ttl, pollIntervalMs: pollEvery });

function detailed(task: Task): string {
  const text = JSON.stringify(form2026(task));
  if (task.status === 'completed') return `${text.slice(0, -1)},"result":${task.result ?? '{}'}}`;
  if (task.status === 'failed') return `${text.slice(0, -1)},"error":{"code":-32603,"message":"Internal error"}}`;
  return text;
}

/** Waits for the end of a task and answers what the call would have answered. Who waits asks. */
async function awaited(tasks: Tasks, task: Task, request: McpRequest): Promise<string> {
  const { signal, peer } = request;
  const asking = setInterval(() => void tasks.find(task.id, peer.principal), 30_000);
  asking.unref();
  try {
    await Promise.race([task.ended, new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))]);
  } finally {
    clearInterval(asking);
  }
  if (task.status === 'cancelled') throw invalidParams('The task was cancelled');
  if (task.result === undefined) throw new RpcError(-32603, 'Internal error; the operational log has the cause');
  const meta = JSON.stringify({ 'io.modelcontextprotocol/related-task': { taskId: task.id } });
  return `{"_meta":${meta},${task.result.slice(1)}`;
}

const pageSize = 50;

function listed(tasks: Tasks, { params, peer }: McpRequest): string {
  const all = tasks.of(peer.principal);
  const from = params.cursor === undefined ? 0 : all.findIndex(({ id }) => id === params.cursor) + 1;
  if (params.cursor !== undefined && from === 0) throw invalidParams('There is no such cursor');
  const page = all.slice(from, from + pageSize);
  const last = page.at(-1);
  const more = last !== undefined && from + pageSize < all.length;
  return JSON.stringify({ tasks: page.map(form2025), ...(more ? { nextCursor: last.id } : {}) });
}

/** No task of ours asks its client for anything, so there is nothing that an answer could be to. */
function updated(request: McpRequest, mine: (request: McpRequest) => Task): string {
  if (!isModern(request.peer.revision)) throw new RpcError(-32601, 'There is no such method in this revision');
  mustHaveTasks(request);
  mine(request);
  return '{}';
}

/** Nothing that is listed here changes while it runs: the stream says so, and stays until somebody closes it. */
async function subscribed(request: McpRequest): Promise<string> {
  if (!isModern(request.peer.revision)) throw new RpcError(-32601, 'There is no such method in this revision');
  const wanted = request.params.notifications;
  if (isJsonObject(wanted) && wanted.taskIds !== undefined) mustHaveTasks(request);
  const _meta = { 'io.modelcontextprotocol/subscriptionId': request.id };
  request.send(
    JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta, notifications: {} },
    }),
  );
  await untilEnd(request);
  return JSON.stringify({ resultType: 'complete', _meta });
}

/** Milliseconds between two looks at the token of a stream that is open. */
const lookEvery = 30_000;

/** Until the client goes, or may not call any more: an open stream is no right to stay. */
async function untilEnd({ signal, standing }: McpRequest): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const look = async (): Promise<void> => {
    try {
      await standing.check();
    } catch {
      end();
    }
  };
  const stop = standing.watch(() => void look());
  const timer = setInterval(() => void look(), lookEvery).unref();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  if (!ended.signal.aborted)
    await new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve()));
  stop();
  clearInterval(timer);
}
