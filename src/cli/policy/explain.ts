import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadConfig, stateRoot } from '../../config.ts';
import type { DecisionInput, Target } from '../../domain/decision.ts';
import { CountersignError } from '../../domain/errors.ts';
import { factsAbout } from '../../domain/facts/facts.ts';
import { objectFactSpecs } from '../../domain/facts/spec.ts';
import { type Explanation, explain, type RuleExplanation } from '../../policy/explain.ts';
import { type ExitCode, type Io, json, line } from '../io.ts';
import { goodBundle, policyFolder } from './bundle.ts';
import { recordedCalls } from './recorded.ts';
import { type TriedOptions, tryCall } from './tried.ts';

export interface ExplainOptions extends TriedOptions {
  readonly policy?: string;
  readonly all?: boolean;
}

/** Which rules matched a call, which decided and why, with the facts. Of one in the audit log, by the bundle of today. */
export async function policyExplain(
  invocation: string | undefined,
  options: ExplainOptions,
  io: Io,
): Promise<ExitCode> {
  if ((invocation === undefined) === (options.tool === undefined)) {
    io.stderr.write('countersign: give either an invocation of the audit log, or --tool and --input\n');
    return 2;
  }
  const bundle = await goodBundle(await policyFolder(options.policy, options, io));
  const input = invocation === undefined ? await tryCall(options, io) : await recorded(invocation, options, io);
  const explanation = explain(bundle, input);
  if (options.json === true) json(io, { ...explanation, facts: input.facts ?? null });
  else for (const text of report(explanation, input, options.all === true)) line(io, text);
  return 0;
}

/** @throws NotFound */
async function recorded(id: string, options: ExplainOptions, io: Io): Promise<DecisionInput> {
  const { config } = await loadConfig(options.config, io.env);
  const folder = join(stateRoot(config, io.env), 'audit');
  const { calls } = await recordedCalls(folder, (each) => each.endsWith(id));
  const [call, another] = calls;
  if (call !== undefined && another === undefined) return call.input;
  const message = call === undefined ? `No planned call ${id} is in ${folder}` : `Several calls end in ${id}`;
  throw new CountersignError('NotFound', message, {
    hint: '`countersign audit tail --type Planned` lists them; reads and calls that were refused before planning have no facts',
  });
}

function report({ decision, targets }: Explanation, input: DecisionInput, all: boolean): readonly string[] {
  const head =
    decision === undefined
      ? 'undecided: it depends on facts, which only a plan has'
      : `${decision.verdict}${decision.rule === undefined ? '' : ` by rule ${decision.rule}`}: ${decision.because}`;
  const slots = decision?.requirement?.slots ?? [];
  const needs = slots.map(({ group, count }) => `${count} ${group ?? 'anybody'}`).join(' and ');
  return [
    head,
    ...(needs === '' ? [] : [`needs: ${needs}`]),
    ...(decision?.errors ?? []).map(({ rule, condition, error }) => `error: rule ${rule}, \`${condition}\`: ${error}`),
    ...targets.flatMap(({ target, rules }, index) => [
      '',
      targetInWords(target),
      ...rules.filter((rule) => all || rule.unmatched.length === 0).flatMap(ruleInWords),
      ...(all ? [] : [`  ${rules.filter((rule) => rule.unmatched.length > 0).length} rules are about something else`]),
      ...factsInWords(input, index),
    ]),
  ];
}

const targetInWords = ({ access, resourceGroup = 'unknown resource', namespace, name }: Target): string =>
  [access.verb, [resourceGroup, access.subresource].filter(Boolean).join('/'), namespace ?? '-', name ?? '']
    .join(' ')
    .trim();

const marks: Readonly<Record<RuleExplanation['truth'], string>> = {
  true: 'yes    ',
  false: 'no     ',
  unknown: 'unknown',
  error: 'ERROR  ',
};

const ruleInWords = ({ truth, name, effect, unmatched, conditions }: RuleExplanation): readonly string[] => [
  `  ${marks[truth]}  ${effect.padEnd(6)}  ${name}${unmatched.length === 0 ? '' : `  (not about this: ${unmatched.join(', ')})`}`,
  ...conditions.map(({ text, value }) => `             ${said(value)}  ${text.replace(/\s+/g, ' ')}`),
];

const said = (value: RuleExplanation['conditions'][number]['value']): string =>
  typeof value === 'object' ? `error (${value.error})` : String(value).padEnd(7);

/** What is not empty, or absent where it should be there. */
function factsInWords({ facts }: DecisionInput, index: number): readonly string[] {
  if (facts === undefined) return [];
  const about: Readonly<Record<string, unknown>> = factsAbout(facts, index);
  return objectFactSpecs.flatMap(({ name, empty }) => {
    const value = about[name];
    if (value === undefined) return [`  facts.${name}: absent`];
    return isDeepStrictEqual(value, empty) ? [] : [`  facts.${name}: ${JSON.stringify(value)}`];
  });
}
