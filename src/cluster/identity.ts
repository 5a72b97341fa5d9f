import { createHash, X509Certificate } from 'node:crypto';
import type { ClusterIdentity } from '../domain/cluster.ts';
import { CountersignError } from '../domain/errors.ts';
import { stringAt } from '../domain/json.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';

export async function readIdentity(name: string, caDigest: string, api: Api): Promise<ClusterIdentity> {
  const path = '/api/v1/namespaces/kube-system';
  const what = 'get Namespace kube-system, which identifies the cluster';
  const { body } = await api.call({ method: 'GET', path, accept: accept.metadata, mutates: false, what });
  const uid = stringAt(body, 'metadata', 'uid');
  if (uid !== undefined && uid !== '') return { name, uid, caDigest };
  throw new CountersignError('Unavailable', `the cluster at ${api.client.host} does not say which one it is`);
}

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
