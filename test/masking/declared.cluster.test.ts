import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type ClusterAgent, startClusterAgent, uniqueName } from '../support/cluster-agent.ts';
import { waitUntil } from '../support/control-plane/wait-until.ts';

/** By no form a secret, so that only the definition and the configuration can give them away. */
const declared = 'violet walrus umbrella';
const configured = 'seventeen brass kettles';
const own = 'acme-7f3a9c21';
const reason = 'to see what is hidden';
const rules = [{ name: 'all-flows', description: 'Everything flows in this test.', match: {}, effect: 'allow' }];

const group = `${uniqueName('masking')}.countersign.dev`;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const name = `lockers.${group}`;
const string = { type: 'string' };
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Locker', plural: 'lockers', singular: 'locker' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        selectableFields: [{ jsonPath: '.spec.combination' }, { jsonPath: '.spec.size' }],
        additionalPrinterColumns: [
          { name: 'Opens', type: 'string', description: 'How it is opened', jsonPath: '.spec.combination' },
          { name: 'Holds', type: 'string', jsonPath: '.spec.users[0].word' },
          { name: 'Size', type: 'string', description: 'How big it is', jsonPath: '.spec.size' },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  combination: { ...string, format: 'password' },
                  size: string,
                  note: string,
                  users: { type: 'array', items: { type: 'object', properties: { id: string, word: string } } },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const locker = (spec: object) => ({ apiVersion: `${group}/v1`, kind: 'Locker', metadata: { name: 'one' }, spec });
const spec = { combination: declared, size: 'small', note: `see ${own}`, users: [{ id: 'a', word: configured }] };

let agent: ClusterAgent;
beforeAll(async () => {
  const masking = {
    paths: { [name]: ['spec.users[*].word'] },
    patterns: [{ name: 'acme key', pattern: 'acme-[0-9a-f]{8}' }],
  };
  agent = await startClusterAgent({ rules, config: { masking } });
  const { kube, namespace } = agent;
  await kube.create(definitions, definition);
  const collection = `/apis/${group}/v1/namespaces/${namespace}/lockers`;
  await waitUntil('lockers are served', async () => (await kube.send('GET', collection)).status === 200);
  await kube.create(collection, locker(spec));
});
afterAll(() => agent.kube.delete(`${definitions}/${name}`));

const hidden = (shown: unknown): void => {
  for (const value of [declared, configured, own]) expect(JSON.stringify(shown)).not.toContain(value);
};

describe('what the definition of a kind and the configuration say is secret, on a real API server', () => {
  it.each(['json', 'yaml', 'describe', 'table', 'wide'])('is hidden in %s', async (output) => {
    const answer = await agent.call('get', { resource: 'lockers', name: 'one', output });
    expect(answer.structured.status).toBe('ok');
    hidden(answer);
    expect(answer.text).toContain('small');
  });

  it.each(['json', 'yaml', 'table', 'wide', 'name'])('is hidden in lists as %s', async (output) => {
    const answer = await agent.call('get', { resource: 'lockers', output });
    expect(answer.structured).toMatchObject({ status: 'ok', shown: 1 });
    hidden(answer);
  });

  it('is named by path and source', async () => {
    const { structured } = await agent.call('get', { resource: 'lockers', name: 'one', output: 'json' });
    expect(structured.masked).toEqual(['spec.combination', 'spec.note', 'spec.users[0].word']);
    expect(structured.objects).toMatchObject([
      { spec: { combination: '[masked field combination]', note: 'see [masked acme key]' } },
    ]);
  });

  it('cannot be selected by, neither when the guess is right nor when it is wrong', async () => {
    const by = (fieldSelector: string) => agent.call('get', { resource: 'lockers', fieldSelector });
    const [right, wrong] = [await by(`spec.combination=${declared}`), await by('spec.combination=nonsense')];
    expect(right.structured.status).toBe('invalid');
    expect(right.text).toContain('cannot be selected by');
    expect(wrong.text.replace(/Audit \w+/, '')).toBe(right.text.replace(/Audit \w+/, ''));
    expect((await by('spec.size=small')).structured).toMatchObject({ status: 'ok', shown: 1 });
  });

  it('is not told by a diff: an equal and another value read alike', async () => {
    const apply = async (combination: string) => {
      const manifest = stringify(locker({ ...spec, note: 'new', combination }));
      return agent.call('apply', { manifest, forceConflicts: true, dryRun: true, reason });
    };
    const [equal, other] = [await apply(declared), await apply('something else')];
    expect(equal.structured.status).toBe('dry_run');
    expect(equal.text).toContain('spec.combination: [masked]');
    const told = (text: string) => text.replace(/sha256:\w+|Audit \w+/g, '');
    expect(told(other.text)).toBe(told(equal.text));
    hidden(equal);
  });

  it('is keyed in the digest that countersign digest prints, if it is given the definition', async () => {
    const manifest = stringify(locker(spec));
    const { structured } = await agent.call('apply', { manifest, forceConflicts: true, dryRun: true, reason });
    expect(structured.status).toBe('dry_run');
    const folder = await mkdtemp(join(tmpdir(), 'cs-declared-'));
    await writeFile(join(folder, 'locker.yaml'), manifest);
    await writeFile(join(folder, 'crd.yaml'), stringify(definition));
    const digest = async (...more: readonly string[]) => {
      const args = [
        'dist/countersign.cjs',
        'digest',
        join(folder, 'locker.yaml'),
        ...more,
        '--config',
        agent.configFile,
      ];
      const env = { ...process.env, COUNTERSIGN_STATE: agent.state };
      return promisify(execFile)(process.execPath, args, { env });
    };
    const known = await digest('--crd', join(folder, 'crd.yaml'));
    expect(known.stdout.split(' ')[0]).toBe((structured.manifestDigests as readonly string[])[0]);
    expect(known.stderr).toBe('');
    const unknown = await digest();
    expect(unknown.stdout).not.toBe(known.stdout);
    expect(unknown.stderr).toContain('name the file of its definition with --crd');
    await rm(folder, { recursive: true });
  });
});
