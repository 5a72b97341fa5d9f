import { containerOf, environmentOf } from './exec/container.ts';
import { type KubeObject, listAt, stringAt } from './json.ts';
import { nameOf } from './object.ts';
import { badRequest, notInSandbox } from './status.ts';
import type { World } from './world.ts';

/** GET of `/log`: canned lines of the container, one of which quotes what its environment holds from Secrets. */
export function readLog(world: World, pod: KubeObject, query: URLSearchParams): string {
  if (query.get('follow') === 'true') throw notInSandbox('following logs');
  const container = containerOf(pod, query.get('container'));
  const name = stringAt(container, 'name') ?? '';
  if (query.get('previous') === 'true')
    throw badRequest(`previous terminated container "${name}" in pod "${nameOf(pod)}" not found`);
  const env = environmentOf(world, pod, container);
  const secrets = listAt(container, 'env').flatMap((entry) => {
    const isSecret = stringAt(entry, 'valueFrom', 'secretKeyRef', 'name') !== undefined;
    return isSecret ? [stringAt(entry, 'name') ?? ''] : [];
  });
  const connecting = secrets.map((key) => `${key}=${env.get(key)}`).join(' ');
  const lines = [
    `starting ${name} ${stringAt(container, 'image')}`,
    ...(secrets.length === 0 ? [] : [`debug: connecting to the database with ${connecting}`]),
    'listening on :8080',
    ...Array.from({ length: 6 }, (_, index) => `GET /cart/${index + 1} 200 ${index + 3}ms`),
  ];
  const start = Date.parse(stringAt(pod.metadata, 'creationTimestamp') ?? '') || 0;
  const stamped = lines.map((line, index) => ({ line, at: start + index * 1_000 }));
  const text = limited(recent(world, stamped, query), query)
    .map(({ line, at }) => (query.get('timestamps') === 'true' ? `${nanoseconds(at)} ${line}\n` : `${line}\n`))
    .join('');
  const limit = query.get('limitBytes');
  return limit === null ? text : text.slice(0, wholeNumber('limitBytes', limit));
}

interface Stamped {
  readonly line: string;
  readonly at: number;
}

function recent(world: World, lines: readonly Stamped[], query: URLSearchParams): readonly Stamped[] {
  const since = query.get('sinceSeconds');
  if (since === null) return lines;
  const from = world.now().getTime() - wholeNumber('sinceSeconds', since) * 1_000;
  return lines.filter(({ at }) => at >= from);
}

function limited(lines: readonly Stamped[], query: URLSearchParams): readonly Stamped[] {
  const tail = query.get('tailLines');
  return tail === null ? lines : lines.slice(lines.length - Math.min(lines.length, wholeNumber('tailLines', tail)));
}

const nanoseconds = (at: number): string => new Date(at).toISOString().replace('Z', '000000Z');

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw badRequest(`${name}: Invalid value: "${text}": must be a whole number`);
  return Number(text);
}
