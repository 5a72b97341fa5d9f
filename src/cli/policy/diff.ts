import { join } from 'node:path';
import { loadConfig, stateRoot } from '../../config.ts';
import type { Decision } from '../../domain/decision.ts';
import { createDecisionPoint } from '../../policy/decision-point.ts';
import { type ExitCode, type Io, json, line } from '../io.ts';
import { goodBundle, type PolicyOptions } from './bundle.ts';
import { type RecordedCall, recordedCalls } from './recorded.ts';

export interface DiffOptions extends PolicyOptions {
  readonly calls?: string;
}

interface Change {
  readonly invocation: string;
  readonly time: string;
  readonly who: string;
  readonly what: string;
  readonly a: Outcome;
  readonly b: Outcome;
}
interface Outcome {
  readonly verdict: string;
  readonly rule: string | undefined;
  readonly needs: string;
}

/** Decides every recorded call by both bundles; 1 if any comes out otherwise. */
export async function policyDiff(a: string, b: string, options: DiffOptions, io: Io): Promise<ExitCode> {
  const [before, after] = [await goodBundle(a), await goodBundle(b)].map(createDecisionPoint);
  const { calls, unreadable } = await recordedCalls(options.calls ?? (await auditFolder(options, io)));
  const changes = calls.flatMap((call): Change[] => {
    const [one, two] = [outcomeOf(before?.decide(call.input)), outcomeOf(after?.decide(call.input))];
    if (one.verdict === two.verdict && one.needs === two.needs) return [];
    return [{ ...who(call), a: one, b: two }];
  });
  if (options.json === true) json(io, { calls: calls.length, unreadable, changes });
  else for (const text of report(changes, calls.length, unreadable)) line(io, text);
  return changes.length === 0 ? 0 : 1;
}

async function auditFolder(options: DiffOptions, io: Io): Promise<string> {
  const { config } = await loadConfig(options.config, io.env);
  return join(stateRoot(config, io.env), 'audit');
}

const outcomeOf = (decision: Decision | undefined): Outcome => ({
  verdict: decision?.verdict ?? 'deny',
  rule: decision?.rule,
  needs: (decision?.requirement?.slots ?? []).map(({ group, count }) => `${count} ${group ?? 'anybody'}`).join(' and '),
});

const who = ({ invocation, time, input }: RecordedCall) => ({
  invocation,
  time,
  who: input.principal.agent,
  what: [input.tool, ...new Set(input.targets.map(targetInWords))].join(' '),
});

const targetInWords = ({ resourceGroup, namespace, name }: RecordedCall['input']['targets'][number]): string =>
  [resourceGroup, namespace, name].filter((each) => typeof each === 'string').join('/');

function report(changes: readonly Change[], calls: number, unreadable: number): readonly string[] {
  const said = ({ verdict, rule, needs }: Outcome): string =>
    `${verdict}${needs === '' ? '' : ` by ${needs}`} (${rule ?? 'no rule'})`;
  return [
    ...changes.flatMap(({ invocation, time, who: agent, what, a, b }) => [
      `${time}  ${invocation.slice(-8)}  ${agent}  ${what}`,
      `    ${said(a)}  ->  ${said(b)}`,
    ]),
    `${changes.length} of ${calls} recorded calls come out otherwise${unreadable === 0 ? '' : `; ${unreadable} have no facts in the log and were not decided`}`,
  ];
}
