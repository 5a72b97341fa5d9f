import type { JsonObject } from '../../../src/domain/json.ts';
import type { McpRequest } from '../../../src/transport/http/service.ts';
import { gather, type Questions } from './input-required.ts';
import { content, type FixtureTool, text, tool } from './tool.ts';

const elicit = (message: string, name: string, type = 'string'): JsonObject => ({
  method: 'elicitation/create',
  params: { message, requestedSchema: { type: 'object', properties: { [name]: { type } }, required: [name] } },
});
const sample = (question: string): JsonObject => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: text(question) }], maxTokens: 100 },
});
const listRoots: JsonObject = { method: 'roots/list', params: {} };

const nameWanted: JsonObject = { user_name: elicit('What is your name?', 'name') };
const confirmation: JsonObject = { confirm: elicit('Please confirm', 'ok', 'boolean') };

/** What each tool asks, round by round. */
const rounds: Readonly<Record<string, readonly JsonObject[]>> = {
  test_input_required_result_elicitation: [nameWanted],
  test_input_required_result_sampling: [{ capital_question: sample('What is the capital of France?') }],
  test_input_required_result_list_roots: [{ client_roots: listRoots }],
  test_input_required_result_request_state: [confirmation],
  test_input_required_result_tampered_state: [confirmation],
  test_input_required_result_multiple_inputs: [
    { ...nameWanted, greeting: sample('Generate a greeting'), client_roots: listRoots },
  ],
  test_input_required_result_multi_round: [
    { step1: elicit('Step 1: What is your name?', 'name') },
    { step2: elicit('Step 2: What is your favorite color?', 'color') },
  ],
  test_input_required_result_capabilities: [{ ...nameWanted, greeting: sample('Generate a greeting') }],
  test_missing_capability: [{ question: sample('Is anybody there?') }],
  test_streaming_elicitation: [nameWanted],
  confirm_delete: [confirmation],
};

export const askingTools: readonly FixtureTool[] = Object.entries(rounds).map(([name, each]) =>
  tool(name, ({ request }) =>
    gather({ name, rounds: each }, request, (answers) => content(text(`state-ok: ${JSON.stringify(answers)}`))),
  ),
);

/** Asks first, and only then goes on as a task. */
export const askedForTask: Questions = { name: 'test_tool_with_task', rounds: [nameWanted] };

const askedForPrompt: Questions = {
  name: 'test_input_required_result_prompt',
  rounds: [{ user_context: elicit('What context should the prompt use?', 'context') }],
};

export const askingPrompt = {
  name: askedForPrompt.name,
  get: (request: McpRequest): JsonObject =>
    gather(askedForPrompt, request, (answers) => ({
      messages: [{ role: 'user', content: text(`In this context: ${JSON.stringify(answers)}`) }],
    })),
};
