import type { Json } from '../src/domain/json.ts';
import type { KnownValue } from '../src/domain/masker.ts';
import { randomOf } from '../test/support/random.ts';

export const randomFrom = randomOf;
type Random = () => number;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const pick = <T>(list: ArrayLike<T>, random: Random): T => list[Math.floor(random() * list.length)] as T;
const password = (length: number, random: Random, from = letters): string =>
  Array.from({ length }, () => pick(from, random)).join('');

/** As people and programs make them: 12 to 40 characters, every third with marks. */
export const secretsOf = (count: number, random: Random): KnownValue[] =>
  Array.from({ length: count }, (_, index) => ({
    value: password(12 + Math.floor(random() * 28), random, index % 3 === 0 ? `${letters}!$&/=+` : letters),
    source: `Secret app-${index}/password`,
  }));

const words =
  `level=info level=warn msg="request handled" method=GET path=/api/v1/namespaces/shop/pods status=200 duration=12ms
  controller=deployment reconciling object=shop/web-7f8d9c6b5d-x2x4z retry=3 trace=4bf92f3577b34da6a3ce929d0e0e4736 user=system:node:n1
  connection to database established, cache hit ratio 0.93 image=registry.example.com/web:1.4.2 container started`.split(
    /\s+/,
  );

/** Lines of an ordinary log; in each hundredth stands a value. */
export function logOf(size: number, values: readonly KnownValue[], random: Random): string {
  let text = '';
  for (let line = 0; text.length < size; line++) {
    text += `2026-11-21T09:14:${String(line % 60).padStart(2, '0')}.113Z`;
    for (let word = 0; word < 10; word++) text += ` ${pick(words, random)}`;
    text += line % 100 === 0 ? ` got ${Buffer.from(pick(values, random).value).toString('base64')}\n` : '\n';
  }
  return Buffer.from(text.slice(0, size)).toString();
}

export function hostileTexts(size: number): { name: string; values: readonly KnownValue[]; text: string }[] {
  const random = randomOf(11);
  const prefix = 'a-prefix-that-is-shared-by-all-values-';
  const shared = secretsOf(500, random).map(({ value, source }) => ({ value: prefix + value, source }));
  const ordinary = secretsOf(500, random);
  const repeat = (text: string): string => Buffer.from(text.repeat(Math.ceil(size / text.length))).toString();
  return [
    { name: 'prefix', values: shared, text: repeat(prefix) },
    { name: 'aaa', values: ordinary, text: repeat('a') },
    { name: 'heads', values: ordinary, text: repeat('eyJpassword=://AKIA') },
  ];
}

/** A list of pods, as a `get` of many is. */
export function bigObject(size: number, random: Random): Json {
  const pod = (index: number): Json => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `web-${index}`,
      namespace: 'shop',
      uid: password(36, random),
      labels: { app: 'web', tier: pick(words, random) },
    },
    spec: {
      containers: Array.from({ length: 3 }, (_, at) => ({
        name: `c${at}`,
        image: `registry.example.com/web:1.4.${index}`,
        args: ['--port=8080', '--log-level', 'info'],
        env: Array.from({ length: 6 }, (_, variable) => ({ name: `SETTING_${variable}`, value: pick(words, random) })),
        resources: { limits: { cpu: '100m', memory: '128Mi' } },
      })),
      nodeName: `node-${index % 40}`,
    },
    status: { phase: 'Running', podIP: `10.0.0.${index % 250}`, message: words.slice(0, 12).join(' ') },
  });
  const each = JSON.stringify(pod(1)).length;
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: Array.from({ length: Math.ceil(size / each) }, (_, index) => pod(index)),
  };
}
