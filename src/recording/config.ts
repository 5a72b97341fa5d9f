import { z } from 'zod';
import { isAgeRecipient } from './recipient.ts';

/** `recording` in the configuration. */
export const recordingConfigSchema = z.strictObject({
  rawTo: z
    .array(
      z
        .string()
        .refine((text) => !/^age-secret-key-/i.test(text), 'this is the private half, which must never be here')
        .refine(isAgeRecipient, 'must be an age recipient: age1…, as age-keygen prints for a public key'),
    )
    .max(8)
    .default([])
    .describe(
      'age recipients: exec sessions are then also kept raw, encrypted to all of these; keep the private halves elsewhere',
    ),
});
