import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import type { ClusterConfig } from '../../../src/cluster/config.ts';
import { type OpenCluster, openCluster } from '../../../src/cluster/open.ts';
import type { ExecEnd, LogsEnd, PlanningHandle, RawResponse, RequestContext } from '../../../src/domain/cluster.ts';
import { CountersignError } from '../../../src/domain/errors.ts';
import { createGrantMint } from '../../../src/domain/grant-mint.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { Frame } from '../../../src/domain/recording.ts';
import type { ApplyRequest, ExecRequest, LogsRequest, SendableRequest } from '../../../src/domain/request.ts';
import type { ObjectRef } from '../../../src/domain/resource.ts';
import type { Kube, KubeObject } from '../../support/control-plane/kube.ts';
import { waitUntil } from '../../support/control-plane/wait-until.ts';
import { crdManifests, manifest } from '../../support/manifests.ts';

export interface Target {
  readonly config: ClusterConfig;
  /** A way past the adapter. */
  readonly kube: Kube;
  stop(): Promise<void>;
}

/** What the suites have at hand: the adapter, a namespace of their own, and a way to look behind its back. */
export class Harness {
  readonly mint = createGrantMint();
  readonly namespace = `contract-${randomBytes(4).toString('hex')}`;
  target!: Target;
  cluster!: OpenCluster;
  planning!: PlanningHandle;
  /** How many requests took an Audit-ID, so how many were sent. */
  sent = 0;

  get kube(): Kube {
    return this.target.kube;
  }

  context(): RequestContext {
    return {
      invocation: 'contract',
      agent: 'contract-test',
      nextAuditId: async () => `contract-${this.namespace}-${++this.sent}`,
      signal: new AbortController().signal,
    };
  }

  async start(target: Target): Promise<void> {
    this.target = target;
    const { redeem } = this.mint;
    this.cluster = openCluster({ name: 'contract', config: target.config, redeem, clock: Date });
    this.planning = this.cluster.planning(this.context());
    await this.kube.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: this.namespace },
    });
    for (const name of crdManifests) await this.#establish(manifest(name));
  }

  async #establish(crd: KubeObject): Promise<void> {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`;
    await this.kube.apply(path, crd, 'fixtures', true);
    const served = `/apis/${crd.spec.group}/v1/namespaces/${this.namespace}/${crd.spec.names.plural}`;
    await waitUntil(`${crd.metadata.name} is served`, async () => (await this.kube.send('GET', served)).status === 200);
    // listed in discovery a moment later than it is served
    await waitUntil(`${crd.metadata.name} can be resolved`, () =>
      this.planning.resolve(`${crd.spec.names.plural}.${crd.spec.group}`).then(
        () => true,
        () => false,
      ),
    );
  }

  async stop(): Promise<void> {
    await this.cluster.close();
    await this.kube.delete(`/api/v1/namespaces/${this.namespace}`);
    await this.kube.close();
    await this.target.stop();
  }

  /** Grants exactly this request, and sends it. */
  send(request: SendableRequest): Promise<RawResponse> {
    const grant = this.mint.mint({ planDigest: 'sha256:contract', requests: [request] });
    return this.cluster.execution(grant, this.context()).send(request);
  }

  logs(request: LogsRequest, onChunk: (bytes: Uint8Array) => void): Promise<LogsEnd> {
    const grant = this.mint.mint({ planDigest: 'sha256:contract', requests: [request] });
    return this.cluster.execution(grant, this.context()).logs(request, onChunk);
  }

  exec(request: ExecRequest, onFrame: (frame: Frame) => Promise<void>): Promise<ExecEnd> {
    const grant = this.mint.mint({ planDigest: 'sha256:contract', requests: [request] });
    return this.cluster.execution(grant, this.context()).exec(request, onFrame);
  }

  /** A manifest and what it is an object of. */
  async fixture(
    name: string,
    changes: { readonly name?: string } = {},
  ): Promise<{ body: JsonObject; object: ObjectRef }> {
    const body = manifest(name, this.namespace);
    if (changes.name !== undefined) body.metadata.name = changes.name;
    const type = await this.planning.resolveKind(body.apiVersion, body.kind);
    return { body, object: { type, namespace: this.namespace, name: body.metadata.name } };
  }

  async createRequest(name: string, changes: { readonly name?: string } = {}): Promise<ApplyRequest> {
    const { body, object } = await this.fixture(name, changes);
    return { action: 'apply', mode: 'create', object, body, forceConflicts: false };
  }

  async create(
    name: string,
    changes: { readonly name?: string } = {},
  ): Promise<{ object: ObjectRef; live: KubeObject }> {
    const request = await this.createRequest(name, changes);
    const { body } = await this.send(request);
    return { object: request.object, live: body as KubeObject };
  }

  /** The object as it is, or undefined; not through the adapter. */
  live(object: ObjectRef): Promise<KubeObject | undefined> {
    const { group, version, resource } = object.type;
    const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    return this.kube.get(`${root}/namespaces/${object.namespace}/${resource}/${object.name}`);
  }
}

export function useHarness(start: () => Promise<Target>): Harness {
  const harness = new Harness();
  let started = false;
  beforeAll(async () => {
    const target = await start();
    started = true;
    await harness.start(target);
  });
  afterAll(async () => {
    if (started) await harness.stop();
  });
  return harness;
}

/** An update of what is there, bound to it. */
export function updateRequest(object: ObjectRef, live: KubeObject, body: KubeObject): ApplyRequest {
  const { uid, resourceVersion } = live.metadata;
  const bound = { ...body, metadata: { ...body.metadata, uid } };
  return { action: 'apply', mode: 'update', object, body: bound, forceConflicts: false, uid, resourceVersion };
}

/** What it throws; fails where it does not. */
export async function refusal(work: Promise<unknown>): Promise<CountersignError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CountersignError) return error;
    throw error;
  }
  throw new Error('this was not refused');
}

/** Reads and does it again while controllers write in between, as the gate does. Ten times: then it is no race. */
export async function replanned<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CountersignError) || error.conflict !== 'race' || attempt === 10) throw error;
    }
  }
}
