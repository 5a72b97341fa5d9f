import { describe, expect, it } from 'vitest';
import { encodeEvent } from '../../src/audit/encode.ts';
import { compose, cut, join, type Masked, merge, open, say, yamlText } from '../../src/domain/masked.ts';
import { seal } from '../../src/domain/seal.ts';
import { present } from '../../src/transport/present.ts';

/** What a bug, or a cast that lint did not see, might pass off as sealed. */
const forgeries = [
  { value: 'hunter2' },
  Object.create(Object.getPrototypeOf(seal('x'))),
  new Proxy(seal('hunter2'), {}),
  structuredClone(seal('hunter2')),
  null,
  ['hunter2'],
].map((each) => each as unknown as Masked<string>);

describe('a forged masked value', () => {
  it.each(forgeries.map((forged, index) => [index, forged] as const))('is refused by every sink (%i)', (_, forged) => {
    expect(() => open(forged)).toThrow('not sealed');
    expect(() => say`${forged}`).toThrow();
    expect(() => join([forged], say`, `)).toThrow();
    expect(() => yamlText(forged)).toThrow();
    expect(() => cut(forged, 10)).toThrow();
    expect(() => merge(forged as unknown as Masked<Record<string, never>>)).toThrow();
    const outcome = { status: 'ok' as const, message: forged, next: undefined, data: compose({}), text: undefined };
    expect(() => present(outcome)).toThrow();
  });

  it('does not get into an audit line', () => {
    const event = { type: 'Refused' as const, invocation: 'x', fields: { message: forgeries[0] } };
    expect(() => encodeEvent(event)).toThrow();
  });

  it('is not what a sealed value turns into by accident', () => {
    expect(JSON.stringify({ secret: seal('hunter2') })).toBe('{"secret":"[sealed]"}');
    expect(String(seal('hunter2'))).not.toContain('hunter2');
    expect(Object.values(seal({ password: 'hunter2' }))).toEqual([]);
  });
});
