import { afterEach, describe, expect, it } from 'vitest';
import { agent, person } from '../../support/approvals.ts';
import { configMap, createGateRig, type GateRig, rules } from '../../support/gate.ts';

let rig: GateRig;
afterEach(() => rig.close());

const apply = (name: string, value?: string) => ({ manifest: configMap(name, value), reason: 'to see it' });
const path = (name: string) => `/api/v1/namespaces/shop/configmaps/${name}`;
const exists = async (name: string): Promise<boolean> => (await rig.kube('GET', path(name))).status === 200;
const make = (name: string, labels = {}) =>
  rig.kube('POST', '/api/v1/namespaces/shop/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels },
    data: { key: '0' },
  });

describe('an approved call', () => {
  it('runs once, what it says is in the log, and the log tells a story that holds', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('one'));
    expect(await exists('one')).toBe(false);
    await rig.vote(approval.id);
    expect(await answer).toMatchObject({ status: 'executed', data: { approval: { id: approval.id } } });
    expect(rig.writes()).toEqual(['apply one']);
    expect(rig.types()).toEqual([
      ...['RequestReceived', 'Planned', 'Decided', 'ApprovalRequested', 'ApprovalVoted', 'Planned', 'Decided'],
      ...['ApprovalClaimed', 'Authorized', 'Executed'],
    ]);
    expect(await rig.verify()).toMatchObject({ consistent: true, openIntents: [] });
  });

  it('says to the agent that somebody broke the glass for it, in both channels', async () => {
    rig = await createGateRig({
      rules: rules.replace(
        'slots: [{ group: sre }]',
        'slots: [{ group: security, count: 2 }], breakGlass: { group: sre, within: 5m }',
      ),
    });
    const { approval, answer } = await rig.hold('apply', apply('glass'));
    const comment = 'the shop is down, nobody else answers';
    await rig.approvals.vote(approval.id, {
      ...{ person: person('ana'), decision: 'approve', comment, channel: 'terminal', breakGlass: true },
    });
    const { status, text, data } = await answer;
    expect(status).toBe('executed');
    expect(text).toMatch(/BREAK-GLASS, approved alone by ana@example\.com .*the shop is down/);
    expect(data).toMatchObject({ approval: { votes: [{ person: 'ana@example.com', breakGlass: true }] } });
  });

  it('is one approval and one run for two identical calls at once, and both get its result', async () => {
    rig = await createGateRig();
    const first = await rig.hold('apply', apply('twin'));
    const second = rig.call('apply', { ...apply('twin'), reason: 'in other words' });
    await rig.vote(first.approval.id);
    const [a, b] = await Promise.all([first.answer, second]);
    expect([a.status, b.status]).toEqual(['executed', 'executed']);
    expect(rig.writes()).toEqual(['apply twin']);
    expect(await rig.approvals.list({})).toHaveLength(1);
    expect(await rig.verify()).toMatchObject({ consistent: true });
  });

  it('is claimed by one of ten that go on with it, and the others get what that one got', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('ten'), { waitBudget: 1_000_000 });
    const others = Array.from({ length: 9 }, () => rig.call('approval', { id: approval.id }));
    await rig.vote(approval.id);
    const ended = await Promise.all([answer, ...others]);
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['executed']));
    expect(rig.writes()).toEqual(['apply ten']);
    expect(rig.types().filter((type) => type === 'Authorized')).toHaveLength(1);
    expect(await rig.verify()).toMatchObject({ consistent: true });
  });

  it('is drifted when the object changed after people were asked, and nothing is sent', async () => {
    rig = await createGateRig();
    const input = { resource: 'deployments', name: 'web', replicas: 5, reason: 'more load' };
    const { approval, answer } = await rig.hold('scale', input);
    await rig.kube('PATCH', '/apis/apps/v1/namespaces/shop/deployments/web', { spec: { replicas: 4 } });
    await rig.vote(approval.id);
    expect(await answer).toMatchObject({ status: 'drifted', message: expect.stringContaining('now drifted') });
    expect(rig.writes()).toEqual([]);
    expect((await rig.approvals.read(approval.id)).state).toBe('drifted');
  });

  it('of an older plan is drifted when the same call is sent again with another effect', async () => {
    rig = await createGateRig();
    await make('newer');
    const input = { resource: 'configmaps', name: 'newer', reason: 'gone' };
    const gone = new AbortController();
    const old = await rig.hold('delete', input, { signal: gone.signal });
    gone.abort();
    await old.answer;
    await rig.kube('DELETE', path('newer'));
    await make('newer');
    const next = await rig.hold('delete', input);
    expect(next.approval.id).not.toBe(old.approval.id);
    expect((await rig.approvals.read(old.approval.id)).state).toBe('drifted');
    await rig.vote(next.approval.id);
    expect((await next.answer).status).toBe('executed');
  });

  it('is denied when the policy denies it by the time of the claim', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('late'));
    await rig.policy(
      `${rules}  - { name: no-more, description: Nothing is changed today., match: { verbs: [create, patch] }, effect: deny }\n`,
    );
    await rig.vote(approval.id);
    expect(await answer).toMatchObject({ status: 'denied', message: expect.stringContaining('no-more') });
    expect(rig.writes()).toEqual([]);
    expect((await rig.approvals.read(approval.id)).state).toBe('drifted');
  });

  it('is drifted, not open for ever, when the policy does not even let it be planned any more', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('blind'));
    await rig.policy(rules.replace('verbs: [get, list]', 'verbs: [list]'));
    await rig.vote(approval.id);
    expect((await answer).status).toBe('denied');
    expect((await rig.approvals.read(approval.id)).state).toBe('drifted');
  });

  it('needs what the policy asks at the claim, not what it asked before', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('stricter'));
    await rig.policy(rules.replace('[{ group: sre }]', '[{ group: sre }, { group: security }]'));
    await rig.vote(approval.id);
    expect((await answer).status).toBe('denied');
    expect(rig.writes()).toEqual([]);
    expect(await rig.verify()).toMatchObject({ consistent: true });
  });

  it('loses against a deny that comes while it is being claimed', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('raced'));
    let deny: Promise<unknown> | undefined;
    const link = rig.approvals.claim.bind(rig.approvals);
    Object.assign(rig.approvals, {
      claim: async (...args: Parameters<typeof link>) => {
        deny = rig.vote(approval.id, 'deny', 'bo');
        await deny;
        return link(...args);
      },
    });
    await rig.vote(approval.id);
    expect(await answer).toMatchObject({ status: 'denied' });
    expect(deny).toBeDefined();
    expect(rig.writes()).toEqual([]);
    expect((await rig.approvals.read(approval.id)).state).toBe('denied');
  });
});

describe('the kept result', () => {
  it('is given once to the identical call of an agent that had gone, and by id at any time', async () => {
    rig = await createGateRig();
    const gone = new AbortController();
    const { approval, answer } = await rig.hold('apply', apply('kept'), { signal: gone.signal });
    const claim = rig.approvals.claim.bind(rig.approvals);
    Object.assign(rig.approvals, {
      claim: (...args: Parameters<typeof claim>) => {
        gone.abort();
        return claim(...args);
      },
    });
    await rig.vote(approval.id);
    await answer;
    expect(rig.writes()).toEqual(['apply kept']);
    const again = await rig.call('apply', apply('kept'));
    expect(again).toMatchObject({ status: 'executed', data: { approval: { id: approval.id } } });
    expect(again.message).toContain('kept result');
    const third = await rig.hold('apply', apply('kept', '1'));
    expect(third.approval.id).not.toBe(approval.id);
    expect((await rig.call('approval', { id: approval.id })).status).toBe('executed');
    expect(rig.writes()).toEqual(['apply kept']);
    await rig.call('approval', { id: third.approval.id, action: 'withdraw' });
    await third.answer;
    expect(await rig.verify()).toMatchObject({ consistent: true });
  });

  it('was seen by an agent that got its answer: the next identical call is a new one', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('seen'));
    await rig.vote(approval.id);
    await answer;
    const next = await rig.hold('apply', apply('seen'));
    expect(next.approval.id).not.toBe(approval.id);
    await rig.call('approval', { id: next.approval.id, action: 'withdraw' });
    expect((await next.answer).status).toBe('withdrawn');
  });
});

describe('a delete by selector', () => {
  const input = { resource: 'configmaps', selector: 'list=old', reason: 'they are old' };

  it('deletes the rest when one of its objects was gone by then, says so, and the log holds together', async () => {
    rig = await createGateRig();
    for (const name of ['a', 'b', 'c']) await make(name, { list: 'old' });
    const { approval, answer } = await rig.hold('delete', input);
    await rig.kube('DELETE', path('b'));
    await make('d', { list: 'old' });
    await rig.vote(approval.id);
    const ended = await answer;
    expect(ended).toMatchObject({ status: 'executed' });
    expect(JSON.stringify(ended)).toContain('shop/b was gone already');
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(exists))).toEqual([false, false, false, true]);
    expect(await rig.verify()).toMatchObject({ consistent: true, faults: [] });
  });

  it('goes on when one vanishes between the plan and its own delete', async () => {
    rig = await createGateRig({
      around: (cluster) => ({
        ...cluster,
        execution: (...args) => {
          const handle = cluster.execution(...args);
          return {
            ...handle,
            exec: (request, onFrame) => handle.exec(request, onFrame),
            send: async (request) => {
              if (request.action === 'delete' && request.object.name === 'b') await rig.kube('DELETE', path('b'));
              return handle.send(request);
            },
          };
        },
      }),
    });
    for (const name of ['a', 'b', 'c']) await make(name, { list: 'old' });
    const { approval, answer } = await rig.hold('delete', input);
    await rig.vote(approval.id);
    const ended = await answer;
    expect(ended).toMatchObject({
      status: 'executed',
      data: { changes: [{ result: 'deleted' }, { result: 'gone' }, { result: 'deleted' }] },
    });
    expect(ended.message).toContain('2 of 3');
    expect(await Promise.all(['a', 'b', 'c'].map(exists))).toEqual([false, false, false]);
  });
});

describe('somebody who is not its principal', () => {
  it('does not find the approval, whatever is asked of it', async () => {
    rig = await createGateRig();
    const { approval, answer } = await rig.hold('apply', apply('mine'));
    const principal = { ...agent, agent: 'other-bot' };
    const missing = await rig.call('approval', { id: 'cs-000000' }, { principal });
    for (const action of ['wait', 'status', 'withdraw'])
      expect(await rig.call('approval', { id: approval.id, action }, { principal })).toMatchObject({
        status: 'not_found',
        message: missing.message.replace('cs-000000', approval.id),
      });
    expect((await rig.call('approval', {}, { principal })).data).toMatchObject({ approvals: [] });
    await rig.vote(approval.id);
    expect((await answer).status).toBe('executed');
  });
});
