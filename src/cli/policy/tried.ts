import { join } from 'node:path';
import { tools } from '../../../tools/index.ts';
import type { Composition } from '../../composition.ts';
import { loadConfig, stateRoot } from '../../config.ts';
import type { DecisionInput } from '../../domain/decision.ts';
import type { Log } from '../../domain/environment.ts';
import { invalid } from '../../domain/errors.ts';
import { parseInput } from '../../domain/input.ts';
import { isJsonObject, type JsonObject, stringAt } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Tool } from '../../domain/tool.ts';
import { localPrincipal, processUser } from '../../identity/local.ts';
import { version } from '../../package.ts';
import type { Io } from '../io.ts';
import type { PolicyOptions } from './bundle.ts';
import { recordedCalls } from './recorded.ts';

export interface TriedOptions extends PolicyOptions {
  readonly sandbox?: boolean;
  readonly tool?: string;
  readonly input?: string;
}

/**
 * A call as an agent of this user would send it with `dryRun: true`: nothing is changed, nobody is asked, and it is audited.
 * Without facts where none are derived: reads, tools without a dry-run, and calls that are refused before they are planned.
 */
export async function tryCall(options: TriedOptions, io: Io): Promise<DecisionInput> {
  const tool = toolNamed(options.tool ?? '');
  const given = inputOf(tool, options.input);
  const { config } = await loadConfig(options.config, io.env);
  const { compose } = await import('../../compose.ts');
  const composition = await compose(config, {
    sandbox: options.sandbox === true,
    serves: false,
    env: io.env,
    log: quiet,
  });
  const folder = join(stateRoot(config, io.env), 'audit');
  const before = new Set((await recordedCalls(folder)).calls.map(({ invocation }) => invocation));
  let saidByCall: DecisionInput;
  try {
    const principal = localPrincipal(processUser().username, composition.people);
    saidByCall = await bare(composition, tool, given, principal);
    if (dryRuns(tool)) await dryRun(composition, tool.name, given, principal, io);
  } finally {
    // Closing writes the log out.
    await composition.close();
  }
  const planned = (await recordedCalls(folder)).calls.filter(({ invocation }) => !before.has(invocation));
  return planned.find(({ input }) => input.tool === tool.name)?.input ?? saidByCall;
}

function toolNamed(name: string): Tool {
  const known = tools.filter((tool) => tool.kind === 'tool');
  const tool = known.find((each) => each.name === name);
  if (tool !== undefined) return tool;
  throw invalid(`There is no tool ${JSON.stringify(name)}`, `use one of ${known.map((each) => each.name).join(', ')}`);
}

/** The reason is for people who are asked, and nobody is. */
function inputOf(tool: Tool, text: string | undefined): JsonObject {
  const given = parsed(text ?? '{}');
  const reason = tool.access.mutates ? { reason: 'countersign policy explain' } : {};
  return parseInput(tool, { ...reason, ...given, ...(dryRuns(tool) ? { dryRun: true } : {}) });
}

function parsed(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // What is no JSON gets the same answer as what is no object.
  }
  throw invalid('--input is not a JSON object', 'give the input of the tool, such as \'{"resource":"pods"}\'');
}

const dryRuns = (tool: Tool): boolean =>
  tool.input.safeParse({ dryRun: 'no boolean' }).error?.issues.some(({ path }) => path[0] === 'dryRun') === true;

/** Through the gate, whatever it answers: what it planned stands in the log. */
async function dryRun(
  { invoke }: Composition,
  tool: string,
  input: JsonObject,
  principal: Principal,
  io: Io,
): Promise<void> {
  await invoke({
    tool,
    input,
    inputBytes: JSON.stringify(input).length,
    principal,
    client: { name: 'countersign policy explain', version },
    signal: io.signal,
    progress: undefined,
    waitBudget: 0,
  });
}

/** What the call itself says. */
async function bare(
  { clusters }: Composition,
  tool: Tool,
  input: JsonObject,
  principal: Principal,
): Promise<DecisionInput> {
  const { name, defaultNamespace } = await clusters.get(stringAt(input, 'context'));
  const targets = tool.targets(input, defaultNamespace);
  return { principal, tool: tool.name, cluster: name, targets, facts: undefined, now: Date.now() };
}

/** What goes wrong is told by the command itself. */
const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
