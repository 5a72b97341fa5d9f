import { performance } from 'node:perf_hooks';
import { eksToken } from '../src/cluster/eks/token.ts';
import { type Figure, percentile } from './figures.ts';

const count = 500;
const cluster = { cluster: 'shop-prod', region: 'eu-central-1' };
const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'e'.repeat(40),
  // As long as those of AWS: it is signed with the rest.
  sessionToken: 't'.repeat(1_000),
  expiresAt: Date.now() + 900_000,
};

/** What a token for EKS costs when its role session is there: a presigned URL, made here, nothing sent. */
export async function tokenFigures(): Promise<readonly Figure[]> {
  const now = Date.now();
  for (let n = 0; n < 100; n += 1) await eksToken(cluster, credentials, now + n);
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const from = performance.now();
    await eksToken(cluster, credentials, now + n);
    took.push(performance.now() - from);
  }
  return [
    {
      name: 'eks_token_p50_ms',
      value: percentile(took, 0.5),
      target: '<= 1',
      says: `ms, a token for EKS, of ${count}`,
    },
    { name: 'eks_token_p99_ms', value: percentile(took, 0.99), says: 'ms' },
  ];
}
