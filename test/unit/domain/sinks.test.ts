import { describe, expectTypeOf, it } from 'vitest';
import type { ApprovalChannel, PlanCard } from '../../../src/domain/approval.ts';
import type { AuditLog, AuditValue } from '../../../src/domain/audit-event.ts';
import type { Invocation } from '../../../src/domain/invocation.ts';
import type { Json, JsonObject } from '../../../src/domain/json.ts';
import type { Ident, Masked } from '../../../src/domain/masked.ts';
import type { LogLine, MaskedStream, Masker } from '../../../src/domain/masker.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Recording, RecordingHeader } from '../../../src/domain/recording.ts';
import type { MaskedResponse, ToolAnswer } from '../../../src/domain/tool-contract.ts';
import type { present } from '../../../src/transport/present.ts';

/** Whether a raw value fits where something is shown. It must not, at any sink; the compiler says so when this file is checked. */
type Takes<Raw, Sink> = Raw extends Sink ? true : false;
type Texts<Sink> =
  | Takes<string, NonNullable<Sink>>
  | Takes<JsonObject, NonNullable<Sink>>
  | Takes<readonly string[], NonNullable<Sink>>;

describe('no sink takes a raw value', () => {
  it('the transport: answers, progress, and what it presents', () => {
    expectTypeOf<Texts<Outcome['message']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<Outcome['text']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<Outcome['next']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<Outcome['data']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<Parameters<NonNullable<Invocation['progress']>>[0]>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<Parameters<typeof present>[0]>>().toEqualTypeOf<false>();
  });

  it('tools: what they are given and what they answer', () => {
    expectTypeOf<Texts<MaskedResponse['body']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<MaskedResponse['warnings'][number]>>().toEqualTypeOf<false>();
    for (const member of ['message', 'text', 'next', 'data'] as const)
      expectTypeOf<Texts<ToolAnswer[typeof member]>>().toEqualTypeOf<false>();
  });

  it('the audit log: every value of every key, and what is attached', () => {
    expectTypeOf<Texts<AuditValue>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<Parameters<AuditLog['attach']>[0]>>().toEqualTypeOf<false>();
  });

  it('approval channels: every text of a card', () => {
    expectTypeOf<Texts<PlanCard['summary']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<PlanCard['diff']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<PlanCard['reason']>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<PlanCard['risks'][number]>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<NonNullable<PlanCard['notes']>[number]>>().toEqualTypeOf<false>();
    // What a channel posts is an approval, whose only free texts are those of its card.
    expectTypeOf<Parameters<ApprovalChannel['post']>[0]['card']>().toEqualTypeOf<PlanCard>();
  });

  it('recordings', () => {
    expectTypeOf<Texts<Parameters<Recording['write']>[1]>>().toEqualTypeOf<false>();
    expectTypeOf<Texts<RecordingHeader['command'][number]>>().toEqualTypeOf<false>();
  });

  it('and what the mask makes is nothing else', () => {
    expectTypeOf<ReturnType<Masker['text']>>().toEqualTypeOf<Masked<string>>();
    expectTypeOf<ReturnType<Masker['object']>['value']>().toEqualTypeOf<Masked<Json>>();
    expectTypeOf<ReturnType<MaskedStream['push']>>().toEqualTypeOf<Masked<string>>();
    expectTypeOf<LogLine['text']>().toEqualTypeOf<Masked<string>>();
    expectTypeOf<Takes<string, Ident>>().toEqualTypeOf<false>();
  });
});
