import { afterAll, beforeAll, expect, it } from 'vitest';
import { CountersignError } from '../../src/domain/errors.ts';
import { createGateRig, type GateRig } from '../support/gate.ts';
import { expectAlike, right, wrong } from '../support/guesses.ts';

/** The API server quotes what it refuses, and is asked as often as an agent likes: what the agent itself wrote is echoed, right or wrong. */
let said: (guess: string) => string;
let guess = '';
let rig: GateRig;
const refuse = (): never => {
  throw new CountersignError('Invalid', 'the API server does not accept this', {
    upstream: said(guess),
    httpStatus: 422,
  });
};
beforeAll(async () => {
  rig = await createGateRig({
    around: (cluster) => ({
      ...cluster,
      planning: (context) => {
        const planning = cluster.planning(context);
        return {
          defaultNamespace: planning.defaultNamespace,
          resolve: (resource) => planning.resolve(resource),
          resolveKind: (version, kind) => planning.resolveKind(version, kind),
          get: (object) => planning.get(object),
          scale: (object) => planning.scale(object),
          listMetadata: (query) => planning.listMetadata(query),
          types: () => planning.types(),
          dryRunApply: refuse,
        };
      },
    }),
  });
  // What the mask looks for it knows by now.
  await rig.call('get', { resource: 'secrets', name: 'db', namespace: 'shop' });
});
afterAll(() => rig.close());

async function asked(value: string, manifest: object) {
  guess = value;
  return rig.call('apply', { manifest: JSON.stringify(manifest), dryRun: true, reason: 'to guess' });
}
const service = (type: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'guess', namespace: 'shop' },
  spec: { type },
});

it.each<readonly [string, (guess: string) => string]>([
  [
    'a value that is not in a list',
    (value) => `spec.type: Unsupported value: "${value}": supported values: "NodePort"`,
  ],
  ['a value of a wrong form', (value) => `metadata.labels: Invalid value: "${value}": a valid label must be short`],
  ['words of a webhook', (value) => `admission webhook "x" denied the request: ${value} is not allowed here`],
  ['an escaped value', (value) => `Invalid value: "${value.replace('-', '\\u002d')}"`],
])('%s', async (_, words) => {
  said = words;
  const [ofRight, ofWrong] = [await asked(right, service(right)), await asked(wrong, service(wrong))];
  expect(ofRight.status).toBe('invalid');
  expect(ofRight.message).toContain('The API server says');
  expect(ofRight.message).not.toContain('[masked Secret');
  // An escape stands for the same letter in both.
  expectAlike(
    JSON.parse(JSON.stringify(ofRight).replaceAll('\\\\u002d', '-')),
    JSON.parse(JSON.stringify(ofWrong).replaceAll('\\\\u002d', '-')),
  );
});

it('what the caller did not write is hidden, also beside its guess', async () => {
  said = () => `the object holds ${right}, and ${Buffer.from(right).toString('base64')}`;
  const answer = await asked(wrong, service(wrong));
  expect(answer.message).not.toContain(right);
  expect(answer.message).toContain('the object holds [masked Secret db/password], and [masked Secret db/password]');
});

it('a part of a value that the caller wrote does not uncover the rest', async () => {
  said = () => `the object holds ${right}`;
  const answer = await asked(wrong, service(right.slice(0, 20)));
  expect(answer.message).toContain('the object holds [masked Secret db/password]');
});
