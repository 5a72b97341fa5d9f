import { writeFile } from 'node:fs/promises';
import { type CaseResult, runCases, uncovered } from '../../policy/cases.ts';
import { type ExitCode, type Io, json, line } from '../io.ts';
import { goodBundle, type PolicyOptions, policyFolder } from './bundle.ts';

export interface TestOptions extends PolicyOptions {
  readonly junit?: string;
}

/** Runs the cases of a bundle; 1 if one fails, or a rule has none that it catches and one that it lets pass. */
export async function policyTest(dir: string | undefined, options: TestOptions, io: Io): Promise<ExitCode> {
  const folder = await policyFolder(dir, options, io);
  const bundle = await goodBundle(folder);
  const results = await runCases(folder, bundle);
  const missing = uncovered(bundle, results);
  const failed = results.filter(({ failures }) => failures.length > 0);
  const passed = failed.length === 0 && missing.length === 0;
  if (options.junit !== undefined) await writeFile(options.junit, junit(folder, results, missing));
  if (options.json === true) json(io, { folder, bundleDigest: bundle.digest, passed, results, missing });
  else for (const text of report(results, missing, bundle.rules.length)) line(io, text);
  return passed ? 0 : 1;
}

function report(results: readonly CaseResult[], missing: readonly string[], rules: number): readonly string[] {
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  return [
    ...results.flatMap(({ where, name, failures }) => [
      `${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${where}  ${name}`,
      ...failures.map((failure) => `        ${failure}`),
    ]),
    ...missing.map((message) => `FAIL  ${message}`),
    `${results.length - failed} of ${results.length} cases passed, for ${rules} rules${missing.length === 0 ? '' : `; ${missing.length} cases are missing`}`,
  ];
}

/** As CI systems read it: a suite with a test for each case and each case that is missing. */
function junit(folder: string, results: readonly CaseResult[], missing: readonly string[]): string {
  const tests = [
    ...results.map(({ where, name, failures }) => ({ where, name, failures })),
    ...missing.map((message) => ({ where: folder, name: message, failures: [message] })),
  ];
  const failures = tests.filter((each) => each.failures.length > 0).length;
  const cases = tests.map(({ where, name, failures: found }) => {
    const head = `  <testcase classname="${xml(where)}" name="${xml(name)}"`;
    return found.length === 0
      ? `${head}/>`
      : `${head}><failure message="${xml(found[0] ?? '')}">${xml(found.join('\n'))}</failure></testcase>`;
  });
  const suite = `<testsuite name="${xml(folder)}" tests="${tests.length}" failures="${failures}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite}\n${cases.join('\n')}\n</testsuite>\n`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters have no place in XML 1.0, not even escaped. */
const xml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => entities[character] ?? '').replace(/(?!\n)\p{Cc}/gu, '?');
