import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { walkCaps } from '../../../../src/domain/facts/pods/shape.ts';
import type { ObjectFacts } from '../../../../src/domain/facts/spec.ts';
import type { Json, JsonObject } from '../../../../src/domain/json.ts';
import { applied, deleted, deployment, execed, factsOf, ref, scaled, types } from './seen.ts';

const privileged = { name: 'x', image: 'registry.example/x:1', securityContext: { privileged: true } };
const plain = { name: 'web', image: 'registry.example/web:1' };
const hardened: JsonObject = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'web',
      image: `registry.example/web@sha256:${'a'.repeat(64)}`,
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};
const of = (body: JsonObject, type = types.gadgets): ObjectFacts => factsOf(applied(ref(type), { body }));
const ofPod = (spec: JsonObject): ObjectFacts => of(deployment(spec), types.deployments);

describe('a privileged container is found', () => {
  const cron = { spec: { jobTemplate: { spec: { template: { spec: { containers: [privileged] } } } } } };
  it.each<[string, JsonObject]>([
    ['in a Deployment', deployment({ containers: [plain, privileged] })],
    ['in a CronJob', cron],
    ['in an init container', deployment({ containers: [plain], initContainers: [privileged] })],
    ['in an ephemeral container', { spec: { containers: [plain], ephemeralContainers: [privileged] } }],
    [
      'in an Argo Rollout',
      { ...deployment({ containers: [privileged] }), apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' },
    ],
    [
      'in a Knative service',
      { spec: { template: { spec: { containers: [{ ...privileged, name: 'user-container' }] } } } },
    ],
    ['in a list of templates of a CRD', { spec: { groups: [{ pods: [{ spec: { containers: [privileged] } }] }] } }],
    ['in a step that stands in no list of containers', { spec: { steps: [{ ...privileged, script: 'x' }] } }],
    ['in a container of its own', { spec: { container: privileged } }],
    ['in the context that a CRD hands on', { spec: { podSecurityContext: { windowsOptions: { hostProcess: true } } } }],
  ])('%s', (_, body) => {
    expect(of(body).privileged).toBe(true);
  });

  it('in what admission makes of it, and in what is submitted though admission hides it', () => {
    const body = deployment({ containers: [plain] });
    const injected = deployment({ containers: [plain, privileged] });
    expect(factsOf(applied(ref(types.deployments), { body, after: injected })).privileged).toBe(true);
    expect(factsOf(applied(ref(types.deployments), { body: injected, after: body })).privileged).toBe(true);
    expect(factsOf(applied(ref(types.deployments), { body, after: body })).privileged).toBe(false);
  });

  it('in what is scaled and in what a program runs in, but not in what is deleted', () => {
    const before = deployment({ containers: [privileged] });
    expect(factsOf(scaled(ref(types.deployments), 0, 3, before)).privileged).toBe(true);
    expect(factsOf(execed(['ls'], undefined, { spec: { containers: [privileged] } })).privileged).toBe(true);
    expect(factsOf(deleted(ref(types.deployments), {}, before))).toMatchObject({ privileged: false, podTemplates: 0 });
  });

  it('never where the object could not be read: the fact is absent', () => {
    const unread = { ...scaled(ref(types.deployments), 0, 3), before: undefined };
    expect(factsOf(unread)).toMatchObject({ privileged: undefined, images: undefined, podTemplates: undefined });
  });

  it('not in a schema that only speaks of it, nor in the status', () => {
    const schema = { properties: { containers: { type: 'array' }, privileged: { type: 'boolean' } } };
    expect(
      of({ spec: { versions: [{ schema: { openAPIV3Schema: schema } }] }, status: { containers: [privileged] } }),
    ).toMatchObject({
      privileged: false,
      podTemplates: 0,
    });
  });
});

describe('what lets a pod out of its box', () => {
  it.each<[string, JsonObject, Partial<ObjectFacts>]>([
    [
      'capabilities',
      { containers: [{ ...plain, securityContext: { capabilities: { add: ['CAP_SYS_ADMIN', 'net_raw'] } } }] },
      { capabilitiesAdded: ['NET_RAW', 'SYS_ADMIN'] },
    ],
    [
      'host namespaces',
      { hostNetwork: true, hostPID: true, hostIPC: true, containers: [plain] },
      { hostNetwork: true, hostPID: true, hostIPC: true },
    ],
    [
      'host paths',
      {
        volumes: [
          { name: 'v', hostPath: { path: '/var/run' } },
          { name: 'w', hostPath: { path: '/' } },
        ],
        containers: [plain],
      },
      { hostPaths: ['/', '/var/run'] },
    ],
    [
      'host ports',
      { containers: [{ ...plain, ports: [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }] }] },
      { hostPorts: [8080] },
    ],
    [
      'sysctls',
      { securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] }, containers: [plain] },
      { sysctls: ['net.core.somaxconn'] },
    ],
    [
      'seccomp',
      { securityContext: { seccompProfile: { type: 'Unconfined' } }, containers: [plain] },
      { unconfined: true },
    ],
    [
      'the /proc mask',
      { containers: [{ ...plain, securityContext: { procMount: 'Unmasked' } }] },
      { unconfined: true },
    ],
    [
      'tokens',
      {
        serviceAccountName: 'admin',
        volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } }],
        containers: [plain],
      },
      { tokenAudiences: ['vault'], serviceAccounts: ['admin'] },
    ],
    [
      'references',
      {
        containers: [
          {
            ...plain,
            envFrom: [{ configMapRef: { name: 'c' } }],
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
          },
        ],
        imagePullSecrets: [{ name: 'p' }],
      },
      { configMapsUsed: ['c'], secretsUsed: ['p', 's'] },
    ],
  ])('%s', (_, spec, expected) => {
    expect(ofPod(spec)).toMatchObject(expected);
    expect(ofPod(hardened)).not.toMatchObject(expected);
  });

  it('an AppArmor annotation of the template and of the pod itself', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/web': 'unconfined' };
    expect(of({ spec: { template: { metadata: { annotations }, spec: { containers: [plain] } } } }).unconfined).toBe(
      true,
    );
    expect(of({ metadata: { annotations }, spec: { containers: [plain] } }, types.pods).unconfined).toBe(true);
  });

  it('the path of a PersistentVolume', () => {
    expect(of({ kind: 'PersistentVolume', spec: { hostPath: { path: '/data' } } }).hostPaths).toEqual(['/data']);
    expect(of({ kind: 'PersistentVolume', spec: { local: { path: '/mnt' } } }).hostPaths).toEqual(['/mnt']);
  });

  it('nothing, where a pod is hardened', () => {
    expect(ofPod(hardened)).toMatchObject({
      podTemplates: 1,
      privileged: false,
      capabilitiesAdded: [],
      runsAsRoot: 'no',
      allowPrivilegeEscalation: false,
      automountsToken: false,
      unconfined: false,
      mutableTags: [],
      serviceAccounts: ['default'],
      tokenAudiences: [],
    });
  });
});

describe('what a template leaves out', () => {
  it.each<[string, JsonObject, JsonObject, string]>([
    ['nobody says', {}, {}, 'unset'],
    ['the pod says 0', { runAsUser: 0 }, {}, 'yes'],
    ['the container says 0', { runAsNonRoot: true }, { runAsUser: 0 }, 'yes'],
    ['the container wins over the pod', { runAsUser: 0 }, { runAsUser: 1000 }, 'no'],
    ['the pod forbids it', { runAsNonRoot: true }, {}, 'no'],
    ['the container allows it again', { runAsNonRoot: true }, { runAsNonRoot: false }, 'unset'],
  ])('decides whether it runs as root: %s', (_, pod, container, expected) => {
    const spec = { securityContext: pod, containers: [{ ...plain, securityContext: container }] };
    expect(ofPod(spec).runsAsRoot).toBe(expected);
  });

  it('counts in the whole object, not in a manifest that only says what it sets', () => {
    const body = deployment({ containers: [{ name: 'web', image: 'registry.example/web:2' }] });
    const after = deployment(hardened);
    const facts = factsOf(applied(ref(types.deployments), { before: after, body, after }));
    expect(facts).toMatchObject({ runsAsRoot: 'no', allowPrivilegeEscalation: false, automountsToken: false });
    const unknown = factsOf(applied(ref(types.deployments), { body }, { unknown: 'its namespace is new' }));
    expect(unknown).toMatchObject({ runsAsRoot: 'unset', allowPrivilegeEscalation: true, automountsToken: true });
  });

  it('has a token by default; the volume that admission adds is no further one', () => {
    const volume = {
      name: 'kube-api-access-abcde',
      projected: { sources: [{ serviceAccountToken: { path: 'token' } }] },
    };
    expect(ofPod({ containers: [plain], volumes: [volume] })).toMatchObject({
      automountsToken: true,
      tokenAudiences: [],
    });
    const other = {
      ...volume,
      projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'sts.amazonaws.com' } }] },
    };
    expect(ofPod({ containers: [plain], volumes: [other] }).tokenAudiences).toEqual(['sts.amazonaws.com']);
  });
});

it('is uninspectable where it is nested too deep to be looked through', () => {
  let deep: JsonObject = { containers: [privileged] };
  for (let depth = 0; depth <= walkCaps.depth; depth++) deep = { a: deep };
  expect(of({ spec: deep })).toMatchObject({
    uninspectable: true,
    uninspectableBecause: ['the object is nested too deep or is too large'],
  });
});

/** Objects of any shape, with a hole somewhere in which the pod spec stands. */
const key = fc.constantFrom('template', 'jobTemplate', 'spec', 'pod', 'workers', 'steps', 'metadata', 'status', 'x');
const around = fc.array(
  fc.oneof(
    key.map((name) => ({ name })),
    fc.nat(3).map((index) => ({ index })),
  ),
  { maxLength: 12 },
);
const nest = (spec: Json, way: readonly ({ name: string } | { index: number })[]): JsonObject => ({
  spec: way.reduceRight<Json>(
    (inner, step) =>
      'name' in step ? { [step.name]: inner } : [...Array.from({ length: step.index }, () => ({})), inner],
    spec,
  ),
});
const container = fc.record(
  {
    name: fc.stringMatching(/^[a-z]{1,5}$/),
    image: fc.constantFrom('web', 'registry.example/a/b:1', `nginx@sha256:${'b'.repeat(64)}`),
    securityContext: fc.record(
      {
        privileged: fc.boolean(),
        runAsUser: fc.constantFrom(0, 1000),
        capabilities: fc.constant({ add: ['NET_ADMIN'] }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['name', 'image'] },
);
const list = fc.constantFrom('containers', 'initContainers', 'ephemeralContainers');
const rank = ['', 'no', 'unset', 'yes'];

describe('whatever the shape', () => {
  it('finds a privileged container anywhere', () => {
    fc.assert(
      fc.property(around, list, fc.array(container), (way, where, others) => {
        const facts = of(nest({ [where]: [...others, privileged] } as JsonObject, way));
        expect(facts.privileged).toBe(true);
        expect(facts.images?.map(({ image }) => image)).toContain(privileged.image);
      }),
    );
  });

  it('loses no fact by one more container', () => {
    fc.assert(
      fc.property(around, list, fc.array(container, { minLength: 1 }), container, (way, where, some, more) => {
        const less = of(nest({ containers: some } as JsonObject, way));
        const all = of(
          nest({ containers: some, [where]: where === 'containers' ? [...some, more] : [more] } as JsonObject, way),
        );
        for (const [name, value] of Object.entries(less)) {
          const grown = all[name as keyof ObjectFacts];
          if (name === 'runsAsRoot')
            expect(rank.indexOf(String(grown))).toBeGreaterThanOrEqual(rank.indexOf(String(value)));
          else if (typeof value === 'boolean') expect(grown === true || value === false).toBe(true);
          else if (typeof value === 'number') expect(grown).toBeGreaterThanOrEqual(value);
          else if (Array.isArray(value) && name !== 'imagesChanged')
            expect(grown).toEqual(expect.arrayContaining(value));
        }
      }),
    );
  });

  it('says the same in whatever order lists are', () => {
    fc.assert(
      fc.property(around, fc.uniqueArray(container, { selector: ({ name }) => name }), (way, some) => {
        const { imagesChanged: _, ...facts } = of(nest({ containers: some } as JsonObject, way));
        const { imagesChanged: __, ...turned } = of(nest({ containers: some.toReversed() } as JsonObject, way));
        expect(turned).toEqual(facts);
      }),
    );
  });
});
