import { describe, expect, it } from 'vitest';
import type { SecretReader, SecretWatcher } from '../../../src/domain/cluster.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { open } from '../../../src/domain/masked.ts';
import type { KnownValue } from '../../../src/domain/masker.ts';
import { createMasker } from '../../../src/masking/masker.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const secretOf = (name: string, data: Readonly<Record<string, string>>, type = 'Opaque'): JsonObject => ({
  metadata: { name },
  type,
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
});

/** A namespace of Secrets that can be changed, its lists counted, its watches held in hand. */
class FakeSecrets implements SecretReader {
  lists = 0;
  watchable = true;
  fails: Error | undefined;
  watch: SecretWatcher | undefined;
  end: () => void = () => undefined;
  readonly secrets = new Map<string, JsonObject>();

  put(secret: JsonObject): void {
    this.secrets.set(String((secret.metadata as JsonObject).name), secret);
    this.watch?.changed(secret);
  }

  async listSecrets(): Promise<{ secrets: readonly JsonObject[]; resourceVersion: string }> {
    this.lists++;
    if (this.fails !== undefined) throw this.fails;
    return { secrets: [...this.secrets.values()], resourceVersion: '7' };
  }

  async watchSecrets(_namespace: string, _version: string, watcher: SecretWatcher): Promise<void> {
    if (!this.watchable) throw new Error('forbidden');
    this.watch = watcher;
    watcher.opened();
    await new Promise<void>((resolve) => {
      this.end = resolve;
      watcher.signal.addEventListener('abort', resolve);
    });
    this.watch = undefined;
  }
}

function rig(own?: () => readonly KnownValue[]) {
  let now = 0;
  const secrets = new FakeSecrets();
  const clock = { now: () => now };
  const masker = createMasker({
    secretReader: () => secrets,
    log,
    clock,
    ...(own === undefined ? {} : { ownValues: own }),
  });
  const values = async (pod?: JsonObject) => (await masker.reach('test', 'shop', pod)).values.map(({ value }) => value);
  return {
    masker,
    secrets,
    values,
    pass: (ms: number) => {
      now += ms;
    },
  };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const pod: JsonObject = {
  metadata: { name: 'web' },
  spec: {
    containers: [
      {
        env: [
          { name: 'A', valueFrom: { secretKeyRef: { name: 'env' } } },
          { name: 'API_KEY', value: 'inline-value' },
        ],
      },
    ],
    initContainers: [{ envFrom: [{ secretRef: { name: 'from', optional: true } }] }],
    ephemeralContainers: [{ envFrom: [{ secretRef: { name: 'ephemeral' } }] }],
    volumes: [
      { secret: { secretName: 'volume' } },
      { projected: { sources: [{ secret: { name: 'projected' } }] } },
      { csi: { nodePublishSecretRef: { name: 'csi' } } },
    ],
  },
};
const needed = ['env', 'ephemeral', 'volume', 'projected', 'csi'];

describe('what a pod can reach', () => {
  it('is every Secret of its namespace, registries and old tokens among them, and what it spells out', async () => {
    const { secrets, values } = rig();
    for (const name of needed) secrets.put(secretOf(name, { a: `value-of-${name}` }));
    const auth = Buffer.from('robot:registry-password').toString('base64');
    secrets.put(secretOf('pull', { '.dockerconfigjson': JSON.stringify({ auths: { r: { auth } } }) }));
    secrets.put(
      secretOf('legacy', { token: 'legacy-token', namespace: 'shop-namespace' }, 'kubernetes.io/service-account-token'),
    );
    const found = await values(pod);
    for (const name of needed) expect(found).toContain(`value-of-${name}`);
    expect(found).toEqual(expect.arrayContaining(['registry-password', 'legacy-token', 'inline-value', auth]));
    expect(found).not.toContain('shop-namespace');
  });

  it('is not known when a Secret that it needs was gone before anybody looked', async () => {
    const { secrets, values } = rig();
    for (const name of needed.slice(1)) secrets.put(secretOf(name, { a: `value-of-${name}` }));
    await expect(values(pod)).rejects.toMatchObject({
      code: 'MaskingUnavailable',
      message: expect.stringContaining('Secret env (env)'),
    });
  });

  it('is known still when it went while we looked', async () => {
    const { secrets, values } = rig();
    for (const name of needed) secrets.put(secretOf(name, { a: `value-of-${name}` }));
    await values(pod);
    secrets.watch?.deleted(secretOf('env', {}));
    expect(await values(pod)).toContain('value-of-env');
  });

  it('is not known where nobody reads, or the reader may not', async () => {
    const alone = createMasker({ log });
    await expect(alone.reach('test', 'shop', pod)).rejects.toMatchObject({ code: 'MaskingUnavailable' });
    const { secrets, values } = rig();
    secrets.fails = new Error('forbidden, and a detail');
    await expect(values(pod)).rejects.toMatchObject({
      code: 'MaskingUnavailable',
      message: expect.not.stringContaining('a detail'),
      hint: expect.stringContaining('list and watch on secrets'),
    });
  });

  it('leaves out what is too short, in everybody’s mouth, or a certificate', async () => {
    const { secrets, values } = rig();
    const certificate = '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUabc\n-----END CERTIFICATE-----\n';
    secrets.put(secretOf('db', { a: 'short', b: 'Production', c: certificate, d: 'looked-for-value' }));
    expect(await values()).toEqual(['looked-for-value']);
  });

  it('has long values in pieces, so that every part of a long one is found', async () => {
    const { masker, secrets } = rig();
    const long = Array.from({ length: 20_000 }, (_, index) => ((index * 7_919) % 36).toString(36)).join('');
    secrets.put(secretOf('big', { blob: long }));
    const masked = open(masker.text(`begin ${long} end`, await masker.reach('test', 'shop')));
    expect(masked).toMatch(/^begin (?:\[masked Secret big\/blob\])+ end$/);
  });
});

describe('reading', () => {
  it('is one list, and nothing for every call after it', async () => {
    const { secrets, values } = rig();
    secrets.put(secretOf('db', { password: 'before-the-rotation' }));
    await Promise.all([values(), values()]);
    await settled();
    const before = secrets.lists;
    for (let call = 0; call < 100; call++) await values();
    expect(secrets.lists).toBe(before);
    expect(before).toBeLessThanOrEqual(2);
  });

  it('gives the same array while nothing changed, so that its matcher is made once', async () => {
    const own = [{ value: 'own-credential', source: 'own' }];
    const { masker, secrets } = rig(() => own);
    secrets.put(secretOf('db', { password: 'a-known-value' }));
    for (const name of needed) secrets.put(secretOf(name, { a: `value-of-${name}` }));
    const first = await masker.reach('test', 'shop', pod);
    expect((await masker.reach('test', 'shop', pod)).values).toBe(first.values);
    secrets.put(secretOf('db', { password: 'another-value' }));
    expect((await masker.reach('test', 'shop', pod)).values).not.toBe(first.values);
  });

  it('sees a rotation at once, and goes on to hide what was before', async () => {
    const { secrets, values } = rig();
    secrets.put(secretOf('db', { password: 'before-the-rotation' }));
    await values();
    secrets.put(secretOf('db', { password: 'after-the-rotation' }));
    expect(await values()).toEqual(['after-the-rotation', 'before-the-rotation']);
  });

  it('lists again when the watch has ended, and at each call where nothing can be watched', async () => {
    const { secrets, values, pass } = rig();
    secrets.put(secretOf('db', { password: 'a-known-value' }));
    await values();
    secrets.end();
    await settled();
    secrets.watchable = false;
    const before = secrets.lists;
    for (const _ of [1, 2, 3]) {
      await values();
      await settled();
    }
    expect(secrets.lists).toBe(before + 3);
    secrets.watchable = true;
    pass(300_001);
    await values();
    const watched = secrets.lists;
    await values();
    expect(secrets.lists).toBe(watched);
  });

  it('does not ask again at once after a failure where the call goes on without, and does where it would be refused', async () => {
    const { secrets, values, pass } = rig();
    secrets.fails = new Error('forbidden');
    for (const _ of [1, 2, 3]) await values().catch(() => undefined);
    expect(secrets.lists).toBe(1);
    await values({}).catch(() => undefined);
    expect(secrets.lists).toBe(2);
    secrets.fails = undefined;
    pass(30_001);
    await values();
    expect(secrets.lists).toBe(3);
  });

  it('keeps a bounded number of what was before', async () => {
    const { secrets, values } = rig();
    secrets.put(secretOf('db', { password: 'value-number-0' }));
    await values();
    for (let turn = 1; turn <= 3_000; turn++) secrets.put(secretOf('db', { password: `value-number-${turn}` }));
    const found = await values();
    expect(found.length).toBe(2_001);
    expect(found).toContain('value-number-2999');
    expect(found).not.toContain('value-number-500');
  });
});

describe('the server’s own credentials', () => {
  it('are looked for in everything: output, objects, and what the API server says', async () => {
    const own = [{ value: 'xoxb-own-slack-token', source: 'secret of Countersign' }];
    const { masker } = rig(() => own);
    const text = 'it says xoxb-own-slack-token';
    expect(open(masker.text(text))).not.toContain('xoxb');
    expect(open(masker.text(text, await masker.reach('test', 'shop')))).not.toContain('xoxb');
    expect(JSON.stringify(open(masker.object({ spec: { note: text } }, masker.held('test')).value))).not.toContain(
      'xoxb',
    );
  });
});

describe('objects', () => {
  it('show no known value in any leaf, and what they are called all the same', async () => {
    const { masker, secrets } = rig();
    secrets.put(secretOf('db', { password: 'shop-frontend', pin: '1234567890', odd: 'a"quoted\\value\nof two lines' }));
    const raw = {
      kind: 'ConfigMap',
      metadata: { name: 'shop-frontend', namespace: 'shop', annotations: { note: 'it is shop-frontend' } },
      data: { plain: 'shop-frontend', pin: 1234567890, odd: 'a"quoted\\value\nof two lines', fine: 'nothing here' },
    };
    const { value, masked } = masker.object(raw, await masker.reach('test', 'shop'));
    expect(open(value)).toEqual({
      kind: 'ConfigMap',
      metadata: {
        name: 'shop-frontend',
        namespace: 'shop',
        annotations: { note: 'it is [masked Secret db/password]' },
      },
      data: {
        plain: '[masked Secret db/password]',
        pin: '[masked Secret db/pin]',
        odd: '[masked Secret db/odd]',
        fine: 'nothing here',
      },
    });
    expect(masked).toHaveLength(4);
  });

  it('without a known value are not gone through twice, and are what they were', async () => {
    const { masker, secrets } = rig();
    secrets.put(secretOf('db', { password: 'correct-horse' }));
    const raw = { spec: { replicas: 3, template: { labels: { app: 'web' } } } };
    expect(open(masker.object(raw, await masker.reach('test', 'shop')).value)).toBe(raw);
  });
});
