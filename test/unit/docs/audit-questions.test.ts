import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AuditEvent } from '../../../src/domain/audit-event.ts';
import { ident } from '../../../src/domain/masked.ts';
import { event, opened, temporaryFolder } from '../audit/support.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/audit.md'), 'utf8');
const questions = [...page.matchAll(/^(grep .*?)\s+# (\d+) (.*)$/gm)].map(
  ([, command = '', number = '', asks = '']) => ({
    command,
    number: Number(number),
    asks,
  }),
);

const objects = [ident('Deployment/shop/web')];
const of = (type: AuditEvent['type'], fields: Parameters<typeof event>[2] = {}): AuditEvent => {
  const made = event(type, '01JD6Q8Z0000', { principal: 'deploy-bot', ...fields });
  return { ...made, fields: { ...made.fields, objects } };
};
const story = [
  of('Started'),
  of('RequestReceived'),
  of('Refused', { code: 'Denied', message: 'no' }),
  of('ApprovalVoted', { approval: 'cs-7f3k2m', approver: 'ana@example.com', decision: 'approve', breakGlass: true }),
  of('Executed', { approval: 'cs-7f3k2m' }),
  of('Unknown', { cluster: 'shop-prod' }),
  of('SecretsRead', { cluster: 'shop-prod' }),
];
/** A word that each answer holds, and the lines that it has. */
const answers: Readonly<Record<number, readonly [string, number]>> = {
  1: ['ana@example.com\tapprove\tcs-7f3k2m', 1],
  2: ['ApprovalVoted', 2],
  3: ['"type":"RequestReceived"', 7],
  4: ['deploy-bot\tDenied\tno', 1],
  5: ['Executed\tDeployment/shop/web', 1],
  6: ['01JD6Q8Z0000\tshop-prod', 1],
  7: ['ana@example.com', 1],
  8: ['"type":"Started"', 1],
  9: ['shop-prod\tDeployment/shop/web', 1],
  10: ['1 Unknown', 7],
};

it('are ten', () => {
  expect(questions.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

const hasJq = spawnSync('jq', ['--version']).status === 0;
// Counted as skipped where the machine has no jq, never left out in silence.
for (const { command, number, asks } of questions)
  it.skipIf(!hasJq && command.includes('jq '))(`${number} ${asks}: is answered`, async () => {
    const folder = temporaryFolder();
    const log = await opened({ folder });
    for (const each of story) await log.append(each);
    await log.close();
    const said = execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' }).trimEnd().split('\n');
    const [word, lines] = answers[number] ?? ['', 0];
    expect(said).toHaveLength(lines);
    expect(said.join('\n')).toContain(word);
  });
