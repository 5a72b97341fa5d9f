import { readFile } from 'node:fs/promises';
import { sinkFile } from '../../compose/checkpoints.ts';
import type { Config } from '../../config.ts';
import { iso } from '../../domain/environment.ts';
import { type Json, listAt, numberAt, stringAt } from '../../domain/json.ts';
import { type Finding, ok, warn } from './finding.ts';
import { sinkName, whyUnreachable } from './sink-reach.ts';

/** Whether what proves that nothing is missing leaves the directory, as the server that runs last said. */
export async function checkSinks(root: string, config: Config): Promise<readonly Finding[]> {
  const { sinks, inThread } = config.audit.checkpoints;
  if (sinks.length === 0 && !(inThread && config.approvals.slack !== undefined))
    return [
      warn(
        'checkpoints',
        'no place outside of the state directory is configured for checkpoints: that nothing is missing in the log cannot be proven',
        'name one under audit.checkpoints.sinks (docs/audit.md)',
      ),
    ];
  const failing = [...(await unreachable(sinks)), ...(await failingSinks(root))];
  if (failing.length > 0) return failing;
  return [
    ok(
      'checkpoints',
      `they go to ${sinks.length} sinks${inThread && config.approvals.slack !== undefined ? ' and the Slack threads' : ''}`,
    ),
  ];
}

async function unreachable(sinks: Config['audit']['checkpoints']['sinks']): Promise<readonly Finding[]> {
  const reached = await Promise.all(
    sinks.map(async (sink) => ({ name: sinkName(sink), why: await whyUnreachable(sink) })),
  );
  return reached.flatMap(({ name, why }) =>
    why === undefined
      ? []
      : [
          warn(
            'checkpoints',
            `${name} cannot be reached: ${why}`,
            'repair it: after audit.checkpoints.mayWaitSeconds without it the server is not ready',
          ),
        ],
  );
}

async function failingSinks(root: string): Promise<readonly Finding[]> {
  let said: Json;
  try {
    said = JSON.parse(await readFile(sinkFile(root), 'utf8')) as Json;
  } catch {
    return [];
  }
  return listAt(said, 'failing').map((each) =>
    warn(
      'checkpoints',
      `${stringAt(each, 'name') ?? 'a sink'} has not taken them since ${iso(numberAt(each, 'failingSince') ?? 0)}: ${stringAt(each, 'cause') ?? ''}`,
      'repair it; a running server tries again by itself and then sends the newest',
    ),
  );
}
