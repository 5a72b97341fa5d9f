import { z } from 'zod';
import { defineControl, resultShape } from '../src/domain/tool.ts';

export default defineControl({
  name: 'approval',
  title: 'Go on with a held call',
  description:
    'Go on with a call that answered approval_pending: waits for the decision, then runs exactly what was approved and returns its result. Do not resend the call. Without id: your open approvals.',
  access: { mutates: false, destructive: false, idempotent: true },
  input: z.strictObject({
    id: z.string().min(1).max(64).optional(),
    action: z.enum(['wait', 'status', 'withdraw']).default('wait'),
    timeout: z.int().min(0).max(900).default(230).describe('Seconds'),
  }),
  output: z.looseObject(resultShape),
  command: ({ id, action, timeout }) =>
    id === undefined ? { action: 'list' } : { action, id, timeoutSeconds: timeout },
});
