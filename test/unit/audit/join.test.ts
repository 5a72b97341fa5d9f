import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinLogs } from '../../../src/audit/join/join.ts';
import { auditId } from '../../../src/domain/audit-id.ts';
import { event, opened, temporaryFolder } from './support.ts';

const begun = Date.parse('2026-11-21T09:14:00.000Z');
const call = '01JD6Q8Z00000000000000WEB1';
const crashed = '01JD6Q8Z00000000000000WEB2';
const reader = '01JD6Q8Z00000000000000MASK';

/** A call of two requests, one of the server's own, and one whose process was killed before it counted its requests. */
async function ours() {
  const folder = temporaryFolder();
  let now = begun;
  const audit = await opened({ folder, clock: { now: () => now } });
  await audit.append(event('RequestReceived', call, { tool: 'apply', principal: 'deploy-bot' }));
  await audit.append(event('RequestReceived', crashed, { tool: 'apply', principal: 'deploy-bot' }));
  now += 1_000;
  await audit.append(event('Executed', call, { principal: 'deploy-bot', cluster: 'shop-prod', auditIds: 2 }));
  await audit.append(event('SecretsRead', reader, { cluster: 'shop-prod', auditIds: 1 }));
  return { folder, id: (invocation: string, n: number) => auditId(audit.auditIdSeed, invocation, n) };
}

interface Their {
  readonly auditID: string;
  readonly at?: number;
  readonly user?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Two stages a request, as the API server writes them. */
function theirLog(folder: string, requests: readonly Their[]): string {
  const path = join(folder, 'kube-audit.log');
  const lines = requests.flatMap(({ auditID, at = 500, user = 'countersign', extra }) =>
    ['RequestReceived', 'ResponseComplete'].map((stage) =>
      JSON.stringify({
        ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID, stage, verb: 'patch' },
        requestURI: '/api/v1/namespaces/shop/configmaps/settings',
        user: { username: user },
        ...(extra === undefined ? {} : { impersonatedUser: { username: 'countersign:writer', extra } }),
        requestReceivedTimestamp: new Date(begun + at).toISOString().replace('Z', '000Z'),
      }),
    ),
  );
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const agent = (name: string, invocation: string) => ({
  'countersign.dev/agent': [name],
  'countersign.dev/invocation': [invocation],
});
const edges: readonly Their[] = [
  { auditID: 'a-stranger-before', user: 'kubelet', at: -60_000 },
  { auditID: 'a-stranger-after', user: 'kubelet', at: 60_000 },
];

describe('our log beside that of the API server', () => {
  it('matches each request, and asks for none of a call whose end nobody wrote down', async () => {
    const { folder, id } = await ours();
    const log = theirLog(folder, [
      ...edges,
      ...[1, 2].map((n) => ({ auditID: id(call, n), extra: agent('deploy-bot', call) })),
      { auditID: id(reader, 1), extra: agent('countersign-masker', reader) },
      { auditID: id(crashed, 3) },
    ]);
    expect(await joinLogs(folder, [log], { users: ['countersign'] })).toEqual({
      ...{ matched: 4, onlyOurs: [], onlyTheirs: [], different: [], outside: 0, others: 2 },
    });
  });

  it('lists what only one of them has', async () => {
    const { folder, id } = await ours();
    const log = theirLog(folder, [
      ...edges,
      { auditID: id(call, 1) },
      { auditID: id(call, 3), user: 'countersign' },
      { auditID: 'somebody-in-our-agents-name', user: 'kubernetes-admin', extra: agent('deploy-bot', 'x') },
      { auditID: 'a-user-of-ours', user: 'countersign' },
    ]);
    const report = await joinLogs(folder, [log], { users: ['countersign'] });
    expect(report.onlyOurs.map(({ invocation, n }) => [invocation, n])).toEqual([
      [call, 2],
      [reader, 1],
    ]);
    expect(report.onlyTheirs.map(({ auditId: each, user, as }) => [each, user, as])).toEqual([
      [id(call, 3), 'countersign', undefined],
      ['somebody-in-our-agents-name', 'kubernetes-admin', 'countersign:writer'],
      ['a-user-of-ours', 'countersign', undefined],
    ]);
    expect((await joinLogs(folder, [log], { users: [], cluster: 'another' })).onlyOurs).toEqual([]);
  });

  it('does not take an Audit-ID alone for ours: the agent and the invocation must be too', async () => {
    const { folder, id } = await ours();
    const log = theirLog(folder, [
      ...edges,
      { auditID: id(call, 1), extra: agent('other-bot', call) },
      { auditID: id(call, 2), extra: agent('deploy-bot', crashed) },
      { auditID: id(reader, 1) },
    ]);
    expect((await joinLogs(folder, [log], { users: [] })).different).toEqual([
      { auditId: id(call, 1), message: 'the API server was told agent other-bot, our log has deploy-bot' },
      { auditId: id(call, 2), message: `the API server was told invocation ${crashed}, our log has ${call}` },
    ]);
  });

  it('says nothing about what the API server logged elsewhere, and refuses what is no such log', async () => {
    const { folder } = await ours();
    const later = theirLog(folder, [{ auditID: 'later', at: 3_600_000 }]);
    expect(await joinLogs(folder, [later], { users: [] })).toMatchObject({ onlyOurs: [], outside: 3 });
    await expect(joinLogs(folder, [join(folder, 'none')], { users: [] })).rejects.toThrow('there is no file');
    writeFileSync(join(folder, 'text'), 'I0101 klog\n');
    await expect(joinLogs(folder, [join(folder, 'text')], { users: [] })).rejects.toThrow('line 1 of');
  });
});
