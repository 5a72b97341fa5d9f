import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Composition } from '../src/composition.ts';
import type { Approval, ApprovalDraft } from '../src/domain/approval.ts';
import { ident } from '../src/domain/masked.ts';
import { seal } from '../src/domain/seal.ts';
import { makeRoot, now, openServer, removeRoot, voter } from './approvals-rig.ts';
import { type Figure, percentile } from './figures.ts';

/** COUNTERSIGN_BENCH_STORED makes it smaller, to look at the bench itself. */
const stored = Number(process.env.COUNTERSIGN_BENCH_STORED ?? 10_000);
const rounds = 100;

/** Each transition of new approvals beside many finished ones. */
export async function storedFigures(): Promise<readonly Figure[]> {
  const root = await makeRoot();
  try {
    await fill(root);
    const server = await openServer(root, false);
    try {
      // The first look reads all that is stored; a server does it once.
      const began = now();
      await oneLife(server, 'first');
      const first = now() - began;
      const took = { request: [], vote: [], claim: [], settle: [] } as Record<keyof Life, number[]>;
      for (let n = 0; n < rounds; n++)
        for (const [step, ms] of Object.entries(await oneLife(server, `plan-${n}`))) took[step as keyof Life].push(ms);
      const all = Object.values(took).flat();
      return [
        { name: 'transition_p99', value: percentile(all, 0.99), target: '<= 20', says: `ms, ${stored} records stored` },
        ...Object.entries(took).map(([step, ms]) => ({
          name: `${step}_p50`,
          value: percentile(ms, 0.5),
          says: 'ms',
        })),
        { name: 'first_ms', value: first, says: 'ms of the first approval of a process, which reads all' },
      ];
    } finally {
      await server.close();
    }
  } finally {
    await removeRoot(root);
  }
}

interface Life {
  readonly request: number;
  readonly vote: number;
  readonly claim: number;
  readonly settle: number;
}

async function oneLife({ approvals, people }: Composition, plan: string): Promise<Life> {
  const person = people.byId(voter);
  if (person === undefined) throw new Error('nobody votes');
  const timed = async <T>(step: () => Promise<T>): Promise<readonly [number, T]> => {
    const began = now();
    const value = await step();
    return [now() - began, value];
  };
  const [request, { id, requirement }] = await timed(() => approvals.request(draft(plan)));
  const vote = { person, decision: 'approve', comment: undefined, channel: 'terminal' } as const;
  const [voted] = await timed(() => approvals.vote(id, vote));
  const [claim] = await timed(() => approvals.claim(id, requirement));
  const [settle] = await timed(() => approvals.settle(id, 'succeed', { done: true }));
  return { request, vote: voted, claim, settle };
}

/** One finished approval as the service wrote it, copied under other ids. */
async function fill(root: string): Promise<void> {
  const server = await openServer(root, false);
  const { id } = await finished(server);
  const base = join(root, 'state', 'approvals');
  const views = join(root, 'state', 'approvals-view');
  // Written behind the answer.
  let view = '';
  while (!view.includes('"state":"executed"')) {
    await delay(10);
    view = existsSync(join(views, `${id}.json`)) ? readFileSync(join(views, `${id}.json`), 'utf8') : '';
  }
  await server.close();
  const files = readdirSync(join(base, id)).map((name) => [name, readFileSync(join(base, id, name), 'utf8')] as const);
  for (let n = 0; n < stored; n++) {
    const copy = `cs-${n.toString(36).padStart(6, '0')}`;
    mkdirSync(join(base, copy), { mode: 0o700 });
    for (const [name, content] of files) writeFileSync(join(base, copy, name), content.replaceAll(id, copy));
    writeFileSync(join(views, `${copy}.json`), view.replaceAll(id, copy));
  }
}

async function finished(server: Composition): Promise<Approval> {
  await oneLife(server, 'stored');
  const [only] = await server.approvals.list({});
  if (only === undefined) throw new Error('nothing is stored');
  return only;
}

const draft = (plan: string): ApprovalDraft => ({
  invocation: '01JD6Q8Z000000000000000000',
  principal: {
    issuer: 'https://issuer.example.com',
    subject: 'owner',
    groups: [],
    // Each by an agent of its own: one may not ask so often.
    agent: `bot-${plan}`,
    person: 'owner@example.com',
    verified: true,
  },
  tool: 'apply',
  cluster: { name: 'bench', uid: 'u-1', caDigest: '' },
  objects: [ident('ConfigMap/shop/held')],
  callDigest: `sha256:call-${plan}`,
  planDigest: `sha256:${plan}`,
  manifestDigests: ['sha256:manifest'],
  bundleDigest: 'sha256:bundle',
  rule: 'changes-wait',
  requirement: {
    slots: [{ group: undefined, count: 1 }],
    decideWithinSeconds: 900,
    useWithinSeconds: 900,
    ownerMay: false,
    confirmCode: false,
  },
  card: { summary: seal('ConfigMap shop/held'), risks: [], diff: seal('+ key: "1"'), reason: seal('the bench') },
  input: { manifest: 'kind: ConfigMap' },
});
