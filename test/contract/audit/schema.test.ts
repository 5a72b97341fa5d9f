import { expect, it } from 'vitest';
import { auditEvents } from '../../../src/domain/audit-events.ts';
import { faultOfLine } from '../../support/audit-lines.ts';
import { unusedKeys } from '../../support/docs/audit-schema.ts';
import { event, linesIn, opened, rawLinesOf, temporaryFolder } from '../../unit/audit/support.ts';

it('names no key that no event has, and each key of an event once', () => {
  expect(unusedKeys()).toEqual([]);
  for (const { has, may = [] } of Object.values(auditEvents))
    expect([...has, ...may].filter((key, index, all) => all.indexOf(key) !== index)).toEqual([]);
});

it('takes what the log writes, and nothing else', async () => {
  const folder = temporaryFolder();
  const audit = await opened({ folder });
  await audit.append(event('PrincipalSuspended', '', { principal: 'bot', by: 'ana' }));
  await audit.append(event('PrincipalSuspended', '', { principal: 'bot' }));
  await audit.append(event('PrincipalSuspended', '', { principal: 'bot', by: 'ana', approval: 'cs-1' }));
  await audit.append(event('PrincipalSuspended', '', { principal: 'bot', by: 3 }));
  const [first = '', good = '', noBy = '', oneMore = '', number = ''] = rawLinesOf(`${folder}/${audit.file}`);
  expect(linesIn(folder)).toHaveLength(5);
  expect([first, good].map(faultOfLine)).toEqual([undefined, undefined]);
  expect(faultOfLine(noBy)).toContain("required property 'by'");
  expect(faultOfLine(oneMore)).toContain('property name');
  expect(faultOfLine(number)).toContain('must be string');
  expect(faultOfLine(good.replace('"seq"', '"sequence"'))).toContain('additional properties');
  expect(faultOfLine(good.replace('PrincipalSuspended', 'SomethingElse'))).toContain('must be equal to one of');
});
