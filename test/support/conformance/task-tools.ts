import { isJsonObject, type JsonObject } from '../../../src/domain/json.ts';
import { RpcError } from '../../../src/transport/http/rpc.ts';
import { tasksExtension } from '../../../src/transport/http/task-methods.ts';
import { askedForTask } from './asking-tools.ts';
import { gather } from './input-required.ts';
import { content, type FixtureTool, pause, type ToolRun, text, tool } from './tool.ts';

/** From the first note on, a call is a task for clients that know tasks. */
async function goOnAsTask({ notify, progressToken, request }: ToolRun, ms: number): Promise<void> {
  if (progressToken !== undefined)
    notify('notifications/progress', { progressToken, progress: 0, message: 'It takes a while' });
  await pause(ms, request.signal);
}

function needsTasks({ request }: ToolRun): void {
  const { extensions } = request.peer.capabilities;
  if (isJsonObject(extensions) && extensions[tasksExtension] !== undefined) return;
  const requiredCapabilities = { extensions: { [tasksExtension]: {} } };
  throw new RpcError(-32021, 'Missing required client capability', { requiredCapabilities }, 400);
}

async function slowCompute(call: ToolRun): Promise<JsonObject> {
  const { seconds } = call.input;
  if (typeof seconds === 'number' && seconds > 0) await goOnAsTask(call, seconds * 1_000);
  return content(text('Computed'));
}

async function failingJob(call: ToolRun): Promise<JsonObject> {
  needsTasks(call);
  await goOnAsTask(call, 100);
  return { isError: true, ...content(text('This job fails')) };
}

async function protocolErrorJob(call: ToolRun): Promise<JsonObject> {
  await goOnAsTask(call, 100);
  throw new RpcError(-32603, 'This job breaks the server');
}

async function askedThenTask(call: ToolRun): Promise<JsonObject> {
  const result = gather(askedForTask, call.request, (answers) => content(text(`Hello, ${JSON.stringify(answers)}`)));
  if (result.resultType === undefined) await goOnAsTask(call, 100);
  return result;
}

export const taskTools: readonly FixtureTool[] = [
  tool('greet', ({ input }) => content(text(`Hello, ${input.name}!`))),
  tool('slow_compute', slowCompute),
  tool('failing_job', failingJob),
  tool('protocol_error_job', protocolErrorJob),
  tool(askedForTask.name, askedThenTask),
];
