import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import fc from 'fast-check';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readKubeconfig } from '../../../src/cluster/kubeconfig.ts';

/** Our reader is small because the official one costs three times the start; on what both take they say the same. */
let folder: string;
let ca: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-agrees-'));
  ca = (await generate([{ name: 'commonName', value: 'ca' }])).cert;
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Entry {
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly token: string;
}
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}[a-z0-9]$/);
const entry: fc.Arbitrary<Entry> = fc.record({
  context: word,
  cluster: word,
  user: word,
  namespace: fc.option(word, { nil: undefined }),
  host: word,
  port: fc.integer({ min: 1, max: 65_535 }),
  path: fc.constantFrom('', '/k8s/c-1'),
  token: fc.stringMatching(/^[A-Za-z0-9._-]{8,40}$/),
});

it('reads the same server, CA, token and namespace of a context as the official client', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(entry, {
        minLength: 1,
        maxLength: 4,
        comparator: (a, b) => a.context === b.context || a.cluster === b.cluster || a.user === b.user,
      }),
      async (entries) => {
        const file = join(folder, 'config');
        writeFileSync(file, stringify(documentOf(entries)));
        for (const { context } of entries) await compare(file, context);
      },
    ),
    { numRuns: 60, seed: 20261121 },
  );
});

function documentOf(entries: readonly Entry[]) {
  const data = Buffer.from(ca).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: entries.map(({ cluster, host, port, path }) => ({
      name: cluster,
      cluster: { server: `https://${host}.example:${port}${path}`, 'certificate-authority-data': data },
    })),
    users: entries.map(({ user, token }) => ({ name: user, user: { token } })),
    contexts: entries.map(({ context, cluster, user, namespace }) => ({
      name: context,
      context: { cluster, user, namespace },
    })),
  };
}

async function compare(file: string, context: string): Promise<void> {
  const official = new KubeConfig();
  official.loadFromFile(file);
  official.setCurrentContext(context);
  const ours = readKubeconfig({ kubeconfig: file, context, allow: [] }, { now: () => 0 });
  const server = new URL(official.getCurrentCluster()?.server ?? '');
  expect(ours.origin + ours.basePath).toBe(server.origin + (server.pathname === '/' ? '' : server.pathname));
  expect(ours.namespace).toBe(official.getContextObject(context)?.namespace);
  expect(await ours.credentials.authorization()).toBe(`Bearer ${official.getCurrentUser()?.token}`);
  expect(ours.tls?.ca.trim()).toBe(
    Buffer.from(official.getCurrentCluster()?.caData ?? '', 'base64')
      .toString()
      .trim(),
  );
}
