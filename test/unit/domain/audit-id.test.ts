import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { auditId, auditIds } from '../../../src/domain/audit-id.ts';

const seed = Buffer.alloc(32, 7);

it('gives UUIDs of version 8, each another one, counted', () => {
  const ids = auditIds(seed, '01JD');
  const taken = Array.from({ length: 100 }, () => ids.next());
  for (const id of taken) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(taken).size).toBe(100);
  expect(ids.count).toBe(100);
});

it('can be told again from seed, invocation and number alone', () => {
  const ids = auditIds(seed, '01JD');
  ids.next();
  expect(ids.next()).toBe(auditId(seed, '01JD', 2));
  expect(auditId(seed, '01JE', 2)).not.toBe(auditId(seed, '01JD', 2));
  const mac = createHmac('sha256', seed).update('01JD/2').digest('hex');
  expect(auditId(seed, '01JD', 2).slice(0, 13)).toBe(`${mac.slice(0, 8)}-${mac.slice(8, 12)}`);
});

it('is the HMAC that node:crypto makes, for any seed and invocation', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: 'binary' }), fc.nat(), (key, invocation, n) => {
      const mac = createHmac('sha256', key).update(`${invocation}/${n}`).digest('hex');
      const id = auditId(key, invocation, n).replaceAll('-', '');
      // All but the version and the variant.
      expect(id.slice(0, 12) + id.slice(13, 16) + id.slice(17)).toBe(
        mac.slice(0, 12) + mac.slice(13, 16) + mac.slice(17, 32),
      );
    }),
  );
});
