import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { configMap } from './approvals-rig.ts';
import type { Figure } from './figures.ts';
import { collectable, HttpPeer } from './http-peer.ts';
import { type Issuer, resource } from './issuer.ts';

const program = join(import.meta.dirname, '../dist/countersign.cjs');
/** COUNTERSIGN_BENCH_HELD makes it smaller, to look at the bench itself: then its figures are of no other use. */
const held = Number(process.env.COUNTERSIGN_BENCH_HELD ?? 2_000);
const agents = 20;
/** Held before it is measured: until most is compiled and cached. */
const warm = 100;

const rules = {
  rules: [
    { name: 'reads-flow', description: 'Reads flow.', match: { verbs: ['get', 'list'] }, effect: 'allow' },
    {
      ...{ name: 'changes-wait', description: 'Every change waits.', effect: 'review' },
      match: { verbs: ['create', 'patch', 'delete'] },
      require: { people: 1, decideWithin: '2h', useWithin: '2h' },
    },
  ],
};

/** Resident memory of a call that waits for people over HTTP, its connection included: in 20 sessions, and with one session each. */
export async function heldOverHttp(folder: string, issuer: Issuer): Promise<readonly Figure[]> {
  const few = await heldIn(folder, issuer, 'few');
  const many = await heldIn(folder, issuer, 'many');
  const says = `kB resident each, ${held} calls held over HTTP, after a collection`;
  return [
    { name: 'http_held_kb', value: few, target: '<= 75', says: `${says}, ${agents} sessions` },
    { name: 'http_held_own_session_kb', value: many, target: '<= 120', says: `${says}, a session each` },
  ];
}

/** Kilobytes each. */
async function heldIn(folder: string, issuer: Issuer, sessions: 'few' | 'many'): Promise<number> {
  const file = await configured(join(folder, `held-${sessions}`), issuer);
  const env = { PATH: process.env.PATH ?? '', HOME: folder, COUNTERSIGN_CONFIG: file };
  const serve = [program, 'serve', '--sandbox', '--http', '127.0.0.1:0'];
  const peer = await HttpPeer.start([...collectable, ...serve], env);
  try {
    const tokens = await Promise.all(Array.from({ length: agents }, (_, n) => issuer.tokenOf(`bot-${n}`)));
    const shared = await Promise.all(tokens.map((token) => peer.session(token)));
    const hold = async (n: number): Promise<void> => {
      const token = tokens[n % agents] ?? '';
      const session = sessions === 'few' ? (shared[n % agents] ?? '') : await peer.session(token);
      await peer.hold(session, token, 'apply', configMap(`held-${n}`));
    };
    const before = await holdAll(hold, 0, warm).then(() => peer.settled());
    const after = await holdAll(hold, warm, warm + held).then(() => peer.settled());
    return (after.rss - before.rss) / held / 1_000;
  } finally {
    await peer.close();
  }
}

/** Eight at a time: it is the holding that is measured. */
async function holdAll(hold: (n: number) => Promise<void>, from: number, to: number): Promise<void> {
  let next = from;
  const one = async (): Promise<void> => {
    while (next < to) await hold(next++);
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

async function configured(folder: string, issuer: Issuer): Promise<string> {
  await mkdir(join(folder, 'policy'), { recursive: true });
  await writeFile(join(folder, 'policy', 'rules.yaml'), stringify(rules));
  const voter = userInfo().username;
  // Each agent of a person of its own: what one person has open is looked through for each more.
  const owners = Array.from({ length: agents }, (_, n) => ({
    ...{ id: `li-${n}@example.com`, owns: [{ issuer: issuer.url, subject: `bot-${n}` }] },
  }));
  const file = join(folder, 'countersign.yaml');
  const config = {
    state: { directory: join(folder, 'state') },
    policy: { folder: join(folder, 'policy') },
    identity: {
      resource,
      issuers: [{ issuer: issuer.url, subjects: 'workloads', jwksUri: `${issuer.url}/jwks` }],
      sessions: { perPrincipal: 10_000 },
    },
    people: [...owners, { id: voter, osUsers: [voter] }],
    approvals: { openPerAgent: 1_000, openPerOwner: 10_000, askedPerHour: 10_000 },
    waits: { withProgress: 'decideWithin' },
    limits: { callsPerSecond: 10_000, inFlight: 10_000 },
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
  return file;
}
