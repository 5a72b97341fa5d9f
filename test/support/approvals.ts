import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApprovalLimits, approvalConfigSchema } from '../../src/approval/config.ts';
import { createPeople, peopleConfigSchema } from '../../src/approval/people.ts';
import { type ApprovalDeps, createApprovals } from '../../src/approval/service.ts';
import { createTerminalChannel } from '../../src/approval/terminal/channel.ts';
import type {
  Approval,
  ApprovalDraft,
  Approvals,
  PeopleRegistry,
  Person,
  VoteRequest,
} from '../../src/domain/approval.ts';
import type { Requirement } from '../../src/domain/decision.ts';
import type { Clock, Log, Random } from '../../src/domain/environment.ts';
import { ident } from '../../src/domain/masked.ts';
import type { Masker } from '../../src/domain/masker.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { seal } from '../../src/domain/seal.ts';
import type { State } from '../../src/domain/state.ts';
import { openState } from '../../src/state/state.ts';
import { type AuditFake, createAuditFake } from './audit-fake.ts';

export const realRandom: Random = { bytes: (length) => randomBytes(length) };
export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Seals what it is given, control characters visible: what the real one does to our own words. */
const echo = (own: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it makes visible
  seal(own.replace(/[\u0000-\u001f\u007f]/g, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`));
export const echoing: Pick<Masker, 'echo' | 'words'> = { echo, words: echo };

export interface TestClock extends Clock {
  step(milliseconds: number): void;
}
export function testClock(start = Date.UTC(2026, 10, 21, 9, 14)): TestClock {
  let now = start;
  return {
    now: () => now,
    step: (milliseconds) => {
      now += milliseconds;
    },
  };
}

export const people: PeopleRegistry = createPeople(
  peopleConfigSchema.parse([
    { id: 'ana@example.com', groups: ['sre'], osUsers: ['ana'] },
    { id: 'bo@example.com', groups: ['sre', 'security'], osUsers: ['bo'] },
    { id: 'cy@example.com', groups: ['security'], osUsers: ['cy'] },
    { id: 'li@example.com', groups: ['sre'], osUsers: ['li'] },
    { id: 'out@example.com', groups: ['sales'], osUsers: ['out'] },
  ]),
);
export const person = (name: string): Person => people.byId(`${name}@example.com`)!;

export const agent: Principal = {
  issuer: 'https://issuer.example.com',
  subject: 'li',
  groups: [],
  agent: 'deploy-bot',
  person: 'li@example.com',
  verified: true,
};

export const oneOfSre: Requirement = {
  slots: [{ group: 'sre', count: 1 }],
  decideWithinSeconds: 900,
  useWithinSeconds: 900,
  ownerMay: false,
  confirmCode: false,
};

export const draft = (changes: Partial<ApprovalDraft> = {}): ApprovalDraft => ({
  invocation: '01JD6Q8Z000000000000000000',
  principal: agent,
  tool: 'apply',
  cluster: { name: 'shop-prod', uid: 'u-1', caDigest: 'sha256:ca' },
  objects: [ident('Deployment/shop/web')],
  callDigest: 'sha256:call',
  planDigest: 'sha256:plan',
  manifestDigests: ['sha256:9f0c'],
  bundleDigest: 'sha256:77de',
  rule: 'prod-mutations',
  requirement: oneOfSre,
  card: {
    summary: seal('Deployment shop/web, image web:1.4.1 -> web:1.4.2'),
    risks: [seal('takes spec.replicas from hpa-controller')],
    diff: seal('-  image: web:1.4.1\n+  image: web:1.4.2'),
    reason: seal('the canary looks fine'),
  },
  input: { manifest: 'kind: Deployment' },
  ...changes,
});

export const ballot = (name: string, decision: VoteRequest['decision'] = 'approve', comment?: string): VoteRequest => ({
  person: person(name),
  decision,
  comment,
  channel: 'terminal',
});

export interface Rig {
  readonly root: string;
  readonly clock: TestClock;
  readonly audit: AuditFake;
  readonly state: State;
  readonly approvals: Approvals;
  readonly deps: ApprovalDeps;
  /** The same directory, as another process has it. */
  second(): Promise<{ readonly state: State; readonly approvals: Approvals; readonly deps: ApprovalDeps }>;
  end(): Promise<void>;
}

export interface RigOptions {
  readonly limits?: Partial<ApprovalLimits>;
  readonly local?: 'enabled' | 'off';
  readonly people?: PeopleRegistry;
  readonly log?: Log;
}

export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const root = await mkdtemp(join(tmpdir(), 'cs-approvals-'));
  const clock = testClock();
  const audit = createAuditFake();
  const states: State[] = [];
  const open = async (): Promise<{ state: State; approvals: Approvals; deps: ApprovalDeps }> => {
    const log = options.log ?? silent;
    const state = await openState({ root, clock, random: realRandom, log });
    states.push(state);
    const registry = options.people ?? people;
    const deps: ApprovalDeps = {
      state,
      clock,
      random: realRandom,
      audit,
      auditReader: audit,
      people: registry,
      channels: [createTerminalChannel({ local: options.local ?? 'sudo', people: registry, osUser: 'countersign' })],
      masker: echoing,
      limits: { ...approvalConfigSchema.parse({}), ...options.limits },
      log,
    };
    return { state, approvals: createApprovals(deps), deps };
  };
  const first = await open();
  return {
    root,
    clock,
    audit,
    ...first,
    second: open,
    end: async () => {
      for (const state of states) await state.close();
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

/** As it stands a moment after it was asked, unless a test says otherwise. */
export const approval = (changes: Partial<Approval> = {}): Approval => {
  const { input: _, ...rest } = draft();
  return {
    ...rest,
    id: 'cs-7f3k2m',
    state: 'pending',
    createdAt: Date.UTC(2026, 10, 21, 9, 14),
    decideBy: Date.UTC(2026, 10, 21, 9, 29),
    useBy: undefined,
    votes: [],
    have: 0,
    need: 1,
    awaited: true,
    ...changes,
  };
};
