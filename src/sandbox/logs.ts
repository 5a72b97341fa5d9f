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
  const tail = query.get('tailLines');
  const kept =
    tail === null ? lines : lines.slice(lines.length - Math.min(lines.length, wholeNumber('tailLines', tail)));
  const start = Date.parse(stringAt(pod.metadata, 'creationTimestamp') ?? '') || 0;
  const first = lines.length - kept.length;
  const stamp = (index: number): string =>
    new Date(start + (first + index) * 1000).toISOString().replace('Z', '000000Z');
  const isStamped = query.get('timestamps') === 'true';
  const text = kept.map((line, index) => (isStamped ? `${stamp(index)} ${line}\n` : `${line}\n`)).join('');
  const limit = query.get('limitBytes');
  return limit === null ? text : text.slice(0, wholeNumber('limitBytes', limit));
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw badRequest(`${name}: Invalid value: "${text}": must be a whole number`);
  return Number(text);
}
