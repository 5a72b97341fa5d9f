import { z } from 'zod';

/** `15m`, `90s`, `2h`: as seconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smh]$/, 'a duration such as 90s, 15m or 2h')
  .transform((text) => Number(text.slice(0, -1)) * ({ s: 1, m: 60, h: 3600 }[text.slice(-1)] ?? 1))
  .refine((seconds) => seconds <= 7 * 86_400, 'at most 7 days');

const people = z.int().min(1).max(20);
const group = z.string().min(1).max(253);

/** Who must countersign, and how long they have. */
export const requirement = z
  .strictObject({
    people: people.optional().describe('So many distinct people; with groups: at least so many in all'),
    groups: z.array(group).min(1).max(10).optional().describe('One person of each of these groups'),
    slots: z
      .array(z.strictObject({ group: group.optional(), count: people.default(1) }))
      .min(1)
      .max(10)
      .optional()
      .describe('Instead of people and groups: so many of each group'),
    decideWithin: duration.optional().describe('Default 15m'),
    useWithin: duration.optional().describe('From approved to executed; default 15m'),
    ownerMay: z.boolean().default(false).describe('The person behind the agent may countersign'),
    confirmCode: z.boolean().default(false).describe('A vote must repeat the code of the approval'),
    escalate: z
      .strictObject({ after: duration, to: group })
      .optional()
      .describe('Ask this group too when nobody has decided for so long: from then on their approve fills any place'),
    breakGlass: z
      .strictObject({
        group: group.describe('Who may countersign alone, their own agent too, with a typed reason'),
        within: duration.describe('From that vote until it must be used'),
      })
      .optional()
      .describe('Off unless every rule that asks names one'),
  })
  .refine((each) => (each.slots === undefined) !== (each.people === undefined && each.groups === undefined), {
    message: 'give people, groups or both, or else slots',
  });
