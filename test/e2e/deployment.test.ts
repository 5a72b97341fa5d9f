/** docs/kubernetes/deployment.yaml and the Dockerfile as far as they go without a container. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { configSchema } from '../../src/config/schema.ts';
import { at, listAt, stringAt } from '../../src/domain/json.ts';
import { documentedManifests } from '../support/documented-manifests.ts';
import { listening } from '../support/http-listening.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cs-deploy-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

async function serve(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const own = { PATH: process.env.PATH ?? '', HOME: folder, COUNTERSIGN_STATE: join(folder, 'state'), ...env };
  const child = spawn(process.execPath, args, { cwd, env: own, stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  return listening(child);
}

const manifest = (kind: string) => {
  const found = documentedManifests().find(({ file, object }) => file === 'deployment.yaml' && object.kind === kind);
  if (found === undefined) throw new Error(`deployment.yaml has no ${kind}`);
  return found.object;
};

it('the configuration of deployment.yaml starts, and its probes get an answer', async () => {
  const text = stringAt(manifest('ConfigMap'), 'data', 'countersign.yaml') ?? '';
  const pems = await generate([{ name: 'commonName', value: 'countersign.countersign.svc' }]);
  await mkdir(join(folder, 'countersign-tls'));
  await writeFile(join(folder, 'countersign-tls/tls.crt'), pems.cert);
  await writeFile(join(folder, 'countersign-tls/tls.key'), pems.private);
  const config = parse(text.replaceAll('/run/secrets', folder)) as Record<string, unknown>;
  expect(configSchema.safeParse(parse(text)).error).toBeUndefined();
  // Without Slack, which is not on this machine.
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, stringify({ ...config, approvals: {} }), { mode: 0o600 });
  const program = join(root, 'dist/countersign.cjs');
  const { url } = await serve(root, [program, 'serve', '--http', '127.0.0.1:0', '--config', file]);

  const [container] = listAt(manifest('StatefulSet'), 'spec', 'template', 'spec', 'containers');
  for (const [name, statuses] of [
    ['livenessProbe', [200]],
    // Without AWS the cluster may not be ready; a Host that is not ours would be 421.
    ['readinessProbe', [200, 503]],
  ] as const) {
    const probe = at(container, name, 'httpGet');
    const [header] = listAt(probe, 'httpHeaders');
    const headers = { [stringAt(header, 'name') ?? '']: stringAt(header, 'value') ?? '' };
    expect(stringAt(probe, 'scheme')).toBe('HTTPS');
    const { port } = new URL(url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: stringAt(probe, 'path'), headers, ca: pems.cert };
      // The address of a pod is in no certificate: the kubelet does not look either.
      const sent = request({ ...options, checkServerIdentity: () => undefined }, (response) => {
        resolve(response.resume().statusCode);
      });
      sent.on('error', reject).end();
    });
    expect(statuses, name).toContain(status);
  }
});

/** `COPY a b ./to` of each stage, in order; what comes from another stage has its name. */
function copies(dockerfile: string) {
  const stages = dockerfile.split(/^FROM /m).slice(1);
  return stages.map((stage) =>
    [...stage.matchAll(/^COPY (?:--from=(\w+) )?(.+) (\S+)$/gm)].map(([, from, what = '', to = '']) => ({
      ...{ from, what: what.split(' '), to },
    })),
  );
}

it('what the Dockerfile copies is enough to build, and what its last stage copies is enough to run', async () => {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  const ignored = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n');
  const [build = [], last = []] = copies(dockerfile);
  const stage = async (name: string, steps: typeof build): Promise<string> => {
    const to = join(folder, name);
    for (const step of steps)
      for (const what of step.what) {
        if (step.from === undefined) expect(ignored, `.dockerignore lets ${what} through`).toContain(`!${what}`);
        const source =
          step.from === undefined ? join(root, what) : join(folder, step.from, what.replace('/build/', ''));
        const target = join(to, step.to.endsWith('/') ? join(step.to, what) : step.to);
        await mkdir(dirname(target), { recursive: true });
        await cp(source, target, { recursive: true });
      }
    return to;
  };
  const building = await stage('build', build);
  // Instead of `npm ci`, which would take minutes and the network.
  await symlink(join(root, 'node_modules'), join(building, 'node_modules'));
  expect(dockerfile).toContain('RUN npm ci --ignore-scripts\n');
  await run('npm', ['run', 'build', '--silent'], {
    cwd: building,
    env: { PATH: process.env.PATH ?? '', HOME: folder },
  });

  const app = await stage('app', last);
  const [, entry = ''] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
  const [, program = ''] = JSON.parse(entry) as string[];
  const here = join(app, program.replace('/app/', ''));
  const { url } = await serve(app, [here, 'serve', '--sandbox', '--http', '127.0.0.1:0']);
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
}, 60_000);
