import { expect, it } from 'vitest';
import { canonicalJson } from '../../../../src/domain/canonical.ts';
import { deriveFacts } from '../../../../src/domain/facts/derive.ts';
import { factsRecord, parseFacts } from '../../../../src/domain/facts/recorded.ts';
import { ident, jsonText, open, say } from '../../../../src/domain/masked.ts';
import { applied, deployment, execed, got, ref, scaled, types } from './seen.ts';

const web = ref(types.deployments);
const record = (text: (value: string) => string, ...seen: Parameters<typeof deriveFacts>[0]['seen'][number][]) => {
  const facts = deriveFacts({ seen, namespaceLabels: { shop: { team: 'a' } } });
  return { facts, text: open(jsonText(factsRecord(facts, (each) => say`${ident(text(each))}`))) };
};
const same = (text: string): string => text;

it('comes back as it was, absent facts absent', () => {
  const body = deployment({ containers: [{ name: 'a', image: 'a:1' }] }, 3);
  const { facts, text } = record(same, applied(web, { body }), scaled(web, 1, 2), got(web), execed(['ls', '-l']));
  expect(parseFacts(text)).toEqual(facts);
  expect(parseFacts(text).objects[2]?.labels).toBeUndefined();
  expect(text).toBe(canonicalJson(JSON.parse(text)));
});

it('passes what a person or a program may have written through the mask', () => {
  const hide = (text: string): string => text.replaceAll('hunter2', '[masked]');
  const { text } = record(hide, execed(['login', 'hunter2'], undefined, { metadata: { labels: { a: 'hunter2' } } }));
  expect(text).not.toContain('hunter2');
  expect(parseFacts(text).objects[0]?.exec.argv).toEqual(['login', '[masked]']);
});

it.each(['null', '{}', '{"call":{},"objects":[1]}', '{"call":{"objectCount":"1"},"objects":[]}'])(
  'refuses %s',
  (text) => {
    expect(() => parseFacts(text)).toThrow(TypeError);
  },
);

it('takes what an older version did not know for absent', () => {
  expect(parseFacts('{"call":{},"objects":[{"verb":"get","later":1}]}').objects[0]).toMatchObject({
    verb: 'get',
    privileged: undefined,
  });
});
