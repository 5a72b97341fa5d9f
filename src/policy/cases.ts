import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Decision, DecisionInput, Target } from '../domain/decision.ts';
import type { GoodBundle } from './bundle.ts';
import { caseFacts, factsShape, knownFacts } from './case-facts.ts';
import { createRulePoint } from './decide.ts';
import { parseYamlFile } from './parse.ts';

const callPattern = /^(get|list|create|patch|delete) ([a-z0-9*.-]+)(?:\/([a-z]+))?(?: (\S+?)\/(\S*))?$/;
const absent = z.array(z.enum(knownFacts as [string, ...string[]]));

const caseSchema = z.strictObject({
  name: z.string().min(3).max(200).describe('What is tried, in words'),
  catches: z.array(z.string()).optional().describe('Rules that must match'),
  passes: z.array(z.string()).optional().describe('Rules that must not match'),
  call: z
    .string()
    .regex(callPattern, 'VERB RESOURCE[/SUBRESOURCE] [NAMESPACE/NAME], such as `patch deployments.apps/scale shop/web`')
    .describe('VERB RESOURCE[/SUBRESOURCE] NAMESPACE/NAME; `-` for a namespace: in none'),
  tool: z.string().min(1).optional().describe('Default: the tool that sends such a request'),
  facts: factsShape.optional().describe('What is not said has its empty value; environment is production'),
  absent: absent.optional().describe('Facts that could not be derived'),
  principal: z
    .strictObject({
      issuer: z.string(),
      subject: z.string(),
      agent: z.string(),
      client: z.string(),
      person: z.string(),
      groups: z.array(z.string()),
      verified: z.boolean(),
      maskHits: z.int().min(0),
    })
    .partial()
    .optional(),
  cluster: z.string().optional(),
  at: z.iso.datetime().optional().describe('What time is it; UTC'),
  expect: z.enum(['deny', 'review', 'allow']),
  people: z.int().min(1).optional().describe('How many places the review has'),
  groups: z.array(z.string()).optional().describe('Groups that have a place'),
});
export const casesSchema = z.strictObject({ cases: z.array(caseSchema).min(1) });
type Case = z.output<typeof caseSchema>;

export interface CaseResult {
  /** `never.cases.yaml:12` */
  readonly where: string;
  readonly name: string;
  readonly catches: readonly string[];
  readonly passes: readonly string[];
  /** What is not as the case says; empty: it passed. */
  readonly failures: readonly string[];
}

/** Runs every case beside the rules. @throws Error that says what is wrong with a file of cases */
export async function runCases(folder: string, bundle: GoodBundle): Promise<readonly CaseResult[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cases.yaml')).sort();
  const point = createRulePoint(bundle.compiled, bundle.digest);
  const rules = new Set(bundle.rules.map(({ name }) => name));
  const results: CaseResult[] = [];
  for (const name of names) {
    const file = join(folder, name);
    const { value, where } = parseYamlFile(await readFile(file, 'utf8'), file, casesSchema);
    value.cases.forEach((each, index) => {
      results.push({
        where: where(['cases', index]).replace(file, basename(file)),
        name: each.name,
        catches: each.catches ?? [],
        passes: each.passes ?? [],
        failures: [...unknownRules(each, rules), ...failuresOf(each, point.decide(inputOf(each)))],
      });
    });
  }
  return results;
}

/** The question that a case asks. */
function inputOf(each: Case): DecisionInput {
  const target = targetOf(each.call);
  const { maskHits, ...principal } = each.principal ?? {};
  return {
    ...(maskHits === undefined ? {} : { maskHits }),
    principal: {
      issuer: 'case',
      subject: 'agent',
      agent: 'agent',
      groups: [],
      verified: true,
      ...known(principal),
    },
    tool: each.tool ?? toolOf(target),
    cluster: each.cluster ?? 'cluster',
    targets: [target],
    facts: caseFacts(target, each.facts ?? {}, each.absent ?? []),
    now: Date.parse(each.at ?? '2026-01-07T12:00:00Z'),
  };
}

const known = (principal: object): object =>
  Object.fromEntries(Object.entries(principal).filter(([, value]) => value !== undefined));

function targetOf(call: string): Target {
  const [, verb, resourceGroup, subresource, namespace, name] = callPattern.exec(call) ?? [];
  return {
    resourceGroup,
    access: { verb: verb as Target['access']['verb'], ...(subresource === undefined ? {} : { subresource }) },
    namespace: namespace === undefined || namespace === '-' ? null : namespace,
    ...(name === undefined || name === '' ? {} : { name }),
  };
}

function toolOf({ access }: Target): string {
  if (access.subresource === 'exec' || access.subresource === 'scale') return access.subresource;
  return { get: 'get', list: 'get', create: 'apply', patch: 'apply', delete: 'delete' }[access.verb];
}

const unknownRules = (each: Case, rules: ReadonlySet<string>): readonly string[] =>
  [...(each.catches ?? []), ...(each.passes ?? [])]
    .filter((name) => !rules.has(name))
    .map((name) => `there is no rule ${name}`);

function failuresOf(each: Case, decision: Decision): readonly string[] {
  const slots = decision.requirement?.slots ?? [];
  const people = slots.reduce((sum, { count }) => sum + count, 0);
  const matched = new Set(decision.matched);
  const errors = decision.errors ?? [];
  return [
    ...(decision.verdict === each.expect
      ? []
      : [`expected ${each.expect}, is ${decision.verdict}: ${decision.because}`]),
    ...(each.people === undefined || each.people === people ? [] : [`expected ${each.people} people, is ${people}`]),
    ...(each.groups ?? [])
      .filter((group) => !slots.some((slot) => slot.group === group))
      .map((group) => `expected a place for group ${group}`),
    ...(each.catches ?? []).filter((name) => !matched.has(name)).map((name) => `rule ${name} did not match`),
    ...(each.passes ?? []).filter((name) => matched.has(name)).map((name) => `rule ${name} matched`),
    ...(each.absent === undefined ? errors.map(({ rule, error }) => `rule ${rule} errs: ${error}`) : []),
  ];
}

/** Rules of the bundle without a case that they catch, or without one that they let pass. */
export function uncovered(bundle: GoodBundle, results: readonly CaseResult[]): readonly string[] {
  const caught = new Set(results.flatMap(({ catches }) => catches));
  const passed = new Set(results.flatMap(({ passes }) => passes));
  return bundle.rules.flatMap(({ name }) => [
    ...(caught.has(name) ? [] : [`rule ${name} has no case that it catches`]),
    ...(passed.has(name) ? [] : [`rule ${name} has no case that it lets pass`]),
  ]);
}
