import { describe, expectTypeOf, it } from 'vitest';
import type { PlanCard } from '../../src/domain/approval.ts';
import type { AuditEvent, AuditLog } from '../../src/domain/audit-event.ts';
import type { Invocation } from '../../src/domain/invocation.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import type { Masked } from '../../src/domain/masked.ts';
import type { LogMask, MaskedStream } from '../../src/domain/masker.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Recording, RecordingHeader } from '../../src/domain/recording.ts';

/** What a type takes of raw text or raw JSON: `never` where only masked values go in. */
type Raw<T> = string extends T ? 'takes any string' : JsonObject extends T ? 'takes any object' : never;

/** Everything that leaves the server goes through these ports. `npm run types` fails where one of them takes a raw value. */
describe('no raw value compiles', () => {
  it('as an answer to the agent, or a progress note', () => {
    expectTypeOf<Raw<Outcome['message']>>().toBeNever();
    expectTypeOf<Raw<NonNullable<Outcome['next']>>>().toBeNever();
    expectTypeOf<Raw<Outcome['data']>>().toBeNever();
    expectTypeOf<Raw<NonNullable<Outcome['text']>>>().toBeNever();
    expectTypeOf<NonNullable<Invocation['progress']>>().parameter(0).toEqualTypeOf<Masked<string>>();
  });

  it('on the audit log', () => {
    type Field = NonNullable<AuditEvent['fields'][keyof AuditEvent['fields']]>;
    expectTypeOf<Raw<Field>>().toBeNever();
    expectTypeOf<Raw<Extract<Field, readonly unknown[]>[number]>>().toBeNever();
    expectTypeOf<AuditLog['attach']>().parameter(0).toEqualTypeOf<Masked<string>>();
  });

  it('on what approvers are shown, whatever the channel', () => {
    type Shown = Required<PlanCard>[keyof PlanCard];
    expectTypeOf<Raw<Exclude<Shown, readonly unknown[]>>>().toBeNever();
    expectTypeOf<Raw<Extract<Shown, readonly unknown[]>[number]>>().toBeNever();
  });

  it('in a recording', () => {
    expectTypeOf<Recording['write']>().parameter(1).toEqualTypeOf<Masked<string>>();
    expectTypeOf<Raw<RecordingHeader['command'][number]>>().toBeNever();
    expectTypeOf<Raw<NonNullable<Parameters<Recording['end']>[0]['reason']>>>().toBeNever();
  });

  it('out of a stream', () => {
    expectTypeOf<MaskedStream['push']>().returns.toEqualTypeOf<Masked<string>>();
    expectTypeOf<MaskedStream['end']>().returns.toEqualTypeOf<Masked<string>>();
    expectTypeOf<LogMask['push']>().returns.toBeVoid();
  });

  it('and this test would see one', () => {
    expectTypeOf<Raw<string>>().not.toBeNever();
    expectTypeOf<Raw<Masked<string> | string>>().not.toBeNever();
    expectTypeOf<Raw<JsonObject>>().not.toBeNever();
  });
});
