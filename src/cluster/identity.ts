import { createHash, X509Certificate } from 'node:crypto';
import type { ClusterIdentity } from '../domain/cluster.ts';
import { CountersignError } from '../domain/errors.ts';
import { stringAt } from '../domain/json.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';
import type { Endpoint } from './connection.ts';

/** Which cluster a name meant when it was first used, over restarts. */
export interface IdentityPins {
  /** Remembers the first one of this name. @throws Unavailable when it is another now */
  check(identity: ClusterIdentity): Promise<void>;
}

/** What a cluster must be; members that are left out are not compared. */
interface Pinned {
  readonly uid?: string | undefined;
  readonly caDigest?: string | undefined;
  readonly arn?: string | undefined;
}

/** Asked over the pool that executes. @throws Unavailable */
export async function readIdentity(name: string, endpoint: Endpoint, api: Api): Promise<ClusterIdentity> {
  const path = '/api/v1/namespaces/kube-system';
  const what = 'get Namespace kube-system, which identifies the cluster';
  const { body } = await api.call({ method: 'GET', path, accept: accept.metadata, mutates: false, what });
  const uid = stringAt(body, 'metadata', 'uid');
  if (uid === undefined || uid === '')
    throw new CountersignError('Unavailable', `the cluster at ${api.client.host} does not say which one it is`);
  const ca = endpoint.tls === undefined ? '' : caDigest(endpoint.tls.ca);
  return { name, uid, caDigest: ca, ...(endpoint.arn === undefined ? {} : { arn: endpoint.arn }) };
}

/** @throws Unavailable when the cluster behind the name is another one than it must be */
export function checkPinned(found: ClusterIdentity, pinned: Pinned): void {
  for (const key of ['uid', 'caDigest', 'arn'] as const) {
    const must = pinned[key];
    if (must === undefined || must === found[key]) continue;
    throw new CountersignError(
      'Unavailable',
      `what answers as cluster ${found.name} is another cluster: its ${said[key]} is ${found[key] ?? 'missing'}, not ${must}`,
      {
        hint: 'tell the operator: nothing is sent to it. If the cluster was replaced on purpose, give the new one another name, or see "Another cluster of the same name" in docs/eks.md',
      },
    );
  }
}

const said = { uid: 'uid', caDigest: 'CA', arn: 'ARN' } as const;

/** `sha256:…` over the certificates of a bundle in DER, sorted, so that neither order nor comments matter. @throws Invalid */
export function caDigest(pem: string): string {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const hash = createHash('sha256');
  for (const der of found.map(derOf).sort(Buffer.compare)) hash.update(der);
  return `sha256:${hash.digest('hex')}`;
}

function derOf(pem: string): Buffer {
  try {
    return new X509Certificate(pem).raw;
  } catch (cause) {
    throw new CountersignError('Invalid', 'the CA of the cluster holds something that is not a certificate', { cause });
  }
}
