import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentRig, startAgent } from '../support/agent.ts';

let agent: AgentRig;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.close());

const image = (tag: string) =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {spec: {containers: [{name: web, image: 'registry.example/web:${tag}'}]}}}}`;

it('runs a change once a person has approved it, and says so', async () => {
  const answer = await agent.approved('apply', { manifest: image('1.4.2'), reason: 'fixes checkout' });
  expect(answer.structured.status).toBe('executed');
  expect(answer.text).toContain('web:1.4.1 -> registry.example/web:1.4.2');
  expect(answer.text).toContain('approved by ana@example.com');
});

it('gives the comment of a denial to the agent', async () => {
  const answer = await agent.denied(
    'delete',
    { resource: 'services', name: 'web', namespace: 'shop', reason: 'unused' },
    'not now',
  );
  expect(answer.structured.status).toBe('denied');
  expect(answer.text).toContain('not now');
});
