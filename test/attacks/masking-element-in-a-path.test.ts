import { expect, it } from 'vitest';
import { open } from '../../src/domain/masked.ts';
import { formatPath } from '../../src/domain/path.ts';
import { ownershipLine, pathText } from '../../src/gate/answer/render.ts';
import { createMasker } from '../../src/masking/masker.ts';
import { silent } from '../support/approvals.ts';

/** An element of a set has no name: diffs and conflicts call it by its value, and that can be what a Secret holds. */
const secret = 'violet-walrus-umbrella';
const ownValues = () => [{ value: secret, source: 'Secret db/password' }];
const masker = createMasker({ log: silent, ownValues });
const element = formatPath(['spec', 'words', { value: secret }]);

it('a path does not show it', () => {
  expect(element).toContain(secret);
  expect(open(pathText(masker, element))).toBe('spec.words[=[masked Secret db/password]]');
  const owned = { path: element, manager: 'somebody', live: undefined, yours: undefined, hidden: true };
  expect(open(ownershipLine(masker, owned))).not.toContain(secret);
});

it('a path of names is shown as it is', () => {
  const named = formatPath(['spec', 'containers', { key: { name: secret } }, 'image']);
  expect(open(pathText(masker, named))).toBe(`spec.containers[${secret}].image`);
});
