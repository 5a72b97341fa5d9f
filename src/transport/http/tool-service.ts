import type { Clock, Log, Random } from '../../domain/environment.ts';
import { toCountersignError } from '../../domain/errors.ts';
import type { Invoke } from '../../domain/invocation.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Masked, open } from '../../domain/masked.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { Principal } from '../../domain/principal.ts';
import { type CallSettings, progressNotes, progressToken } from '../calls.ts';
import { instructions } from '../instructions.ts';
import { malformedCall, refusalWithoutGate } from '../own-outcomes.ts';
import { present } from '../present.ts';
import { type PublishedTool, publish } from '../schema.ts';
import { asLongAsItTakes } from '../wait-budget.ts';
import { cached, discovered } from './discover.ts';
import { mirroredParams } from './modern-params.ts';
import { isModern } from './revisions.ts';
import { RpcError } from './rpc.ts';
import type { McpRequest, McpService, Method, RunCall } from './service.ts';
import { createTaskMethods, tasksCapability, tasksExtension } from './task-methods.ts';
import { createTasks, type Tasks } from './tasks.ts';

export interface ToolServiceOptions {
  readonly invoke: Invoke;
  readonly settings: Omit<CallSettings, 'principal'>;
  /** The rules that concern a caller, in words. */
  readonly policy: (principal: Principal) => Masked<string>;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface ToolService extends McpService {
  readonly tasks: Tasks;
}

/** The tools behind every HTTP transport and revision. What they publish is made once, and is the same text for every session. */
export function createToolService(options: ToolServiceOptions): ToolService {
  const { settings, clock, random } = options;
  const tasks = createTasks(clock, random);
  const run = runner(options);
  const published = settings.tools.map((tool) => publish(tool, settings.prefix));
  const lists = publishedLists(published);
  const methods = new Map<string, Method>([
    ['ping', () => '{}'],
    ['tools/list', ({ peer }) => lists(peer.revision)],
    ['resources/list', ({ peer }) => cached(peer.revision, JSON.stringify({ resources: [policyResource] }))],
    ['resources/templates/list', ({ peer }) => cached(peer.revision, '{"resourceTemplates":[]}')],
    ['resources/read', (request) => readPolicy(options, request)],
    ...createTaskMethods({ tasks, run }),
  ]);
  const service: ToolService = {
    tasks,
    methods,
    serverInfo: { name: 'countersign', title: 'Countersign', version: options.version },
    instructions,
    capabilities,
    mirrored: mirroredParams(published),
    toolNamed: (name) => unprefixed(name, settings),
  };
  methods.set('server/discover', () => discovered(service));
  return service;
}

function capabilities(revision: string): JsonObject {
  const both = { tools: {}, resources: {} };
  if (isModern(revision)) return { ...both, extensions: { [tasksExtension]: {} } };
  return revision === '2025-11-25' ? { ...both, tasks: tasksCapability } : both;
}

function runner({ invoke, settings, log }: ToolServiceOptions): RunCall {
  const outcome = async (request: McpRequest, patient: boolean): Promise<Outcome> => {
    const { params, peer, signal, standing } = request;
    const { name } = params;
    if (typeof name !== 'string') return malformedCall();
    const token = progressToken(params);
    try {
      return await invoke({
        tool: unprefixed(name, settings),
        input: params.arguments ?? {},
        inputBytes: request.bytes,
        principal: peer.principal,
        client: peer.client,
        signal,
        standing,
        progress: token === undefined ? undefined : progressNotes(token, signal, request.send),
        waitBudget: patient ? asLongAsItTakes : settings.waitBudget(peer.client.name, token !== undefined),
      });
    } catch (thrown) {
      log.error('A call failed in a way that it must not', { tool: name, cause: String(thrown) });
      return refusalWithoutGate(toCountersignError(thrown));
    }
  };
  return async (request, patient) => present(await outcome(request, patient));
}

/** A tool that is not there goes to the gate by the name it came with: the gate says so and records it. */
function unprefixed(published: string, { tools, prefix }: ToolServiceOptions['settings']): string {
  const name = published.startsWith(prefix) ? published.slice(prefix.length) : undefined;
  return tools.find((tool) => tool.name === name)?.name ?? published;
}

/** The answer to tools/list by revision: text that is made once. */
function publishedLists(published: readonly PublishedTool[]): (revision: string) => string {
  const plain = JSON.stringify({ tools: published });
  const withTasks = JSON.stringify({
    tools: published.map((tool) => ({ ...tool, execution: { taskSupport: 'optional' } })),
  });
  const modern = cached('2026-07-28', plain);
  return (revision) => (isModern(revision) ? modern : revision === '2025-11-25' ? withTasks : plain);
}

const policyUri = 'countersign://policy';
const policyResource = {
  uri: policyUri,
  name: 'policy',
  title: 'What you may do',
  description: 'The rules that concern you, in words: what flows, what waits and for whom, what is never done.',
  mimeType: 'text/plain',
};

function readPolicy({ policy }: ToolServiceOptions, { params, peer }: McpRequest): string {
  if (params.uri !== policyUri)
    throw new RpcError(isModern(peer.revision) ? -32602 : -32002, `There is no such resource; there is ${policyUri}`, {
      uri: String(params.uri).slice(0, 512),
    });
  const contents = [{ uri: policyUri, mimeType: 'text/plain', text: open(policy(peer.principal)) }];
  // It changes with the bundle, so nobody may keep it.
  return cached(peer.revision, JSON.stringify({ contents }), 0);
}
