import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Suite } from './newest.ts';

interface Check {
  readonly id: string;
  readonly status: string;
}

export interface Ran {
  readonly passed: number;
  /** The checks that failed or warned. */
  readonly failed: readonly string[];
}

/** Everything that the suite asks of a server of 2026-07-28, in one run, by scenario. */
export async function runRequirements({ node, script }: Suite, url: string, folder: string): Promise<Map<string, Ran>> {
  const out = await mkdtemp(join(folder, 'out-'));
  const args = ['server', '--url', url, '--requirements', '2026-07-28', '-o', out];
  await execa(node, [script, ...args], { reject: false, timeout: 280_000, cwd: folder, stdin: 'ignore' });
  const ran = new Map<string, Ran>();
  for (const name of await readdir(out)) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    if (scenario === undefined) throw new Error(`the suite wrote ${name}, which is not the result of a scenario`);
    const checks: readonly Check[] = JSON.parse(await readFile(join(out, name, 'checks.json'), 'utf8'));
    ran.set(scenario, {
      passed: checks.filter(({ status }) => status === 'SUCCESS').length,
      failed: checks.flatMap(({ id, status }) => (status === 'FAILURE' || status === 'WARNING' ? [id] : [])),
    });
  }
  return ran;
}

/** The server scenarios that the suite has for 2026-07-28 and its extensions. */
export async function listed({ node, script }: Suite): Promise<readonly string[]> {
  const { stdout } = await execa(node, [script, 'list', '--server'], { timeout: 60_000, stdin: 'ignore' });
  return [...stdout.matchAll(/^ {2}- (\S+) \[(.+)\]$/gm)].flatMap(([, name = '', revisions = '']) =>
    /2026-07-28|extension/.test(revisions) ? [name] : [],
  );
}
