import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../../src/domain/masked.ts';
import type { Principal } from '../../../src/domain/principal.ts';
import { createMaskHits } from '../../../src/gate/mask-hits.ts';
import { agent, testClock } from '../../support/approvals.ts';
import { createGateRig, type GateRig } from '../../support/gate.ts';

const value = 'violet walrus umbrella';
const other: Principal = { ...agent, agent: 'another' };
const minutes = 60_000;

describe('hits of a principal', () => {
  it('are those of the last hour, its own only', () => {
    const clock = testClock();
    const hits = createMaskHits(clock);
    expect(hits.of(agent)).toBe(0);
    hits.add(agent, 2);
    clock.step(40 * minutes);
    hits.add(agent, 3);
    expect([hits.of(agent), hits.of(other)]).toEqual([5, 0]);
    clock.step(30 * minutes);
    expect(hits.of(agent)).toBe(3);
    clock.step(60 * minutes);
    expect(hits.of(agent)).toBe(0);
  });
});

const rules = `
rules:
  - { name: reads-flow, description: Objects may be read., match: { verbs: [get, list] }, effect: allow }
  - name: not-who-fishes
    description: Who was shown many places with secrets in an hour waits for it to be over.
    match: { verbs: [get, list] }
    when: [principal.maskHits > 3]
    effect: deny
  - name: changes-wait
    description: Every change waits.
    match: { verbs: [create, patch, delete] }
    effect: review
    require: { slots: [{ group: sre }] }
`;

describe('through the gate', () => {
  let rig: GateRig;
  beforeAll(async () => {
    rig = await createGateRig({ rules });
    const create = (resource: string, object: object) =>
      rig.kube('POST', `/api/v1/namespaces/shop/${resource}`, object as never);
    await create('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'words' },
      stringData: { phrase: value },
    });
    await create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'copy' },
      data: { a: value, b: `${value}!` },
    });
  });
  afterAll(() => rig.close());

  it('an approver is told that the agent wrote what a Secret holds; the agent is not', async () => {
    const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: new, namespace: shop }\ndata: { a: "${value}" }\n`;
    const { approval } = await rig.hold('apply', { manifest, reason: 'to copy it' });
    expect(approval.card.risks.map(open)).toContain('the agent itself wrote what is in Secret words/phrase');
    const tried = await rig.call('apply', { manifest, reason: 'to copy it', dryRun: true });
    expect(JSON.stringify(tried)).not.toContain('words');
    const harmless = manifest.replace(value, 'nothing of that kind').replace('name: new', 'name: plain');
    const { approval: plain } = await rig.hold('apply', { manifest: harmless, reason: 'to write it' });
    expect(plain.card.risks.map(open).join()).not.toContain('the agent itself wrote');
  });

  it('so he is of what it wants a program to be started with', async () => {
    const listed = await rig.call('get', { resource: 'pods', namespace: 'shop', output: 'name' });
    const [pod = ''] = listed.data.names as readonly string[];
    const { approval } = await rig.hold('exec', {
      pod,
      command: ['grep', value, '/etc/app'],
      reason: 'to look',
    });
    expect(approval.card.risks.map(open)).toContain('the agent itself wrote what is in Secret words/phrase');
  });

  it('are on the audit line of the answer, and a rule acts on their count', async () => {
    const read = () => rig.call('get', { resource: 'configmaps', name: 'copy', namespace: 'shop' });
    expect((await read()).status).toBe('ok');
    expect(rig.events.filter(({ type }) => type === 'Executed').at(-1)?.fields.maskHits).toBe(2);
    expect((await rig.call('get', { resource: 'configmaps', namespace: 'shop' })).status).toBe('ok');
    expect(rig.events.filter(({ type }) => type === 'Executed').at(-1)?.fields.maskHits).toBeUndefined();
    expect((await read()).status).toBe('ok');
    const refused = await read();
    expect(refused.status).toBe('denied');
    expect(refused.message).toContain('not-who-fishes');
    expect(
      (await rig.call('get', { resource: 'configmaps', name: 'copy', namespace: 'shop' }, { principal: other })).status,
    ).toBe('ok');
    rig.clock.step(70 * minutes);
    expect((await read()).status).toBe('ok');
  });
});
