import { tools } from '../../../tools/index.ts';
import { type Finding, lint } from '../../policy/lint.ts';
import { type ExitCode, type Io, json, line } from '../io.ts';
import { goodBundle, type PolicyOptions, policyFolder } from './bundle.ts';

export interface LintOptions extends PolicyOptions {
  readonly namespaces?: string;
}

/** What of a bundle is hardly meant; 1 if there is anything. */
export async function policyLint(dir: string | undefined, options: LintOptions, io: Io): Promise<ExitCode> {
  const bundle = await goodBundle(await policyFolder(dir, options, io));
  const namespaces = (options.namespaces ?? '').split(',').filter((name) => name !== '');
  const findings = lint(bundle, { tools: tools.map(({ name }) => name), namespaces });
  if (options.json === true) json(io, { bundleDigest: bundle.digest, findings });
  else for (const text of report(findings, bundle.rules.length)) line(io, text);
  return findings.length === 0 ? 0 : 1;
}

const report = (findings: readonly Finding[], rules: number): readonly string[] => [
  ...findings.map(({ rule, message }) => `warn  ${rule === undefined ? '' : `rule ${rule}: `}${message}`),
  `${rules} rules, ${findings.length === 0 ? 'nothing found' : `${findings.length} found`}`,
];
