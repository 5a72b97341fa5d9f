import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import { filesBelow } from '../support/at-rest.ts';
import { type ClusterAgent, startPod } from '../support/cluster-agent.ts';
import { needs } from '../support/control-plane/namespace.ts';
import { Ledger } from './canaries.ts';
import { changedCopies, copies, podWithAll, podWithCopies, reason, startCanaryAgent, valuesIn } from './canary-rig.ts';

const ledger = new Ledger();
let agent: ClusterAgent;

beforeAll(async () => {
  needs('controllerManager', 'scheduler', 'kwok');
  agent = await startCanaryAgent();
  ledger.values = await valuesIn(agent);
  await startPod(agent, podWithAll());
  await agent.kube.create(agent.path('pods'), podWithCopies());
  for (const [name, text] of copies())
    await agent.kube.create(agent.path('events'), {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: agent.namespace },
      reason: 'Failed',
      message: `cannot log in as robot: ${text}`,
      type: 'Warning',
    });
});

/** Both channels of an answer; the text also once more through the mask. */
async function ask(tool: string, input: JsonObject, where = `${tool} ${JSON.stringify(input).slice(0, 80)}`) {
  const answer = await agent.call(tool, input);
  ledger.data(where, answer.structured);
  ledger.text(where, answer.text);
  return answer;
}

describe('no canary is shown', () => {
  it('by the first call of all, a change that is refused because of what stands there', async () => {
    // Nothing was read yet: what the masker knows it has to read for this call.
    const manifest = changedCopies({ 'copy-0-0': 'something else', 'copy-1-1': 'another' });
    const { structured } = await ask('apply', { manifest, dryRun: true, reason });
    expect(structured.status).toBe('conflict');
  });

  it.each([
    ['secrets', 'db'],
    ['secrets', 'login'],
    ['secrets', 'pull'],
    ['secrets', 'sh.helm.release.v1.web.v1'],
    ['configmaps', 'copies'],
    ['pods', 'web'],
    ['pods', 'copies'],
    ['events', 'copy-0-0'],
  ])('by get %s %s, in any form', async (resource, name) => {
    for (const output of ['json', 'yaml', 'table', 'wide', 'describe'])
      expect((await ask('get', { resource, name, output })).structured.status).toBe('ok');
    await ask('get', { resource, name, fields: ['data', 'spec', 'message', 'helmRelease'] });
  });

  it.each(['secrets', 'configmaps', 'pods', 'events'])('by lists of %s', async (resource) => {
    for (const output of ['json', 'yaml', 'table', 'wide', 'name']) {
      await ask('get', { resource, output });
      const selected = { fieldSelector: `metadata.namespace=${agent.namespace}`, allNamespaces: true };
      await ask('get', { resource, output, ...selected });
    }
  });

  it('by diffs, dry-runs and errors about objects that hold one', async () => {
    const pod = {
      ...podWithAll(),
      metadata: { name: 'web' },
      spec: { containers: [{ name: 'main', image: 'other' }] },
    };
    const guess = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, data: { password: 'bm90aGluZw==' } };
    const manifest = changedCopies({ 'copy-0-0': 'something else' });
    const calls: readonly [string, JsonObject][] = [
      ['apply', { manifest, forceConflicts: true, dryRun: true, reason }],
      ['apply', { manifest, dryRun: true, reason }],
      ['apply', { manifest: JSON.stringify(pod), dryRun: true, reason }],
      ['apply', { manifest: JSON.stringify(pod), forceConflicts: true, dryRun: true, reason }],
      ['apply', { manifest: JSON.stringify(guess), dryRun: true, reason }],
      ['apply', { manifest: JSON.stringify(guess), forceConflicts: true, dryRun: true, reason }],
      ['delete', { resource: 'configmaps', name: 'copies', dryRun: true, reason }],
      ['delete', { resource: 'secrets', name: 'db', dryRun: true, reason }],
      ['get', { resource: 'pods', name: 'wbe' }],
      ['logs', { name: 'web' }],
    ];
    for (const [tool, input] of calls) await ask(tool, input);
  });

  it('on what is shown to approvers, and on the answer when they approved', async () => {
    const manifest = changedCopies({ 'copy-0-0': 'new' });
    const { approval, answer } = await agent.hold('apply', { manifest, forceConflicts: true, reason });
    ledger.look('the approval', approval);
    await agent.vote(approval.id, 'ana@example.com', 'approve', 'fine');
    const { structured, text } = await answer;
    expect(structured.status).toBe('executed');
    ledger.look('the answer', structured);
    ledger.text('the answer', text);
  });

  it('in the audit log, the approvals and what else is on disk', async () => {
    const files = await filesBelow(agent.state);
    expect(files.length).toBeGreaterThan(5);
    for (const { path, text } of files) ledger.look(`the file ${path}`, text);
  });

  it('at all', ({ task }) => ledger.expectNothing('objects, diffs, cards, files', task.file, 1_000));
});
