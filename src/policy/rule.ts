import { z } from 'zod';

/** `15m`, `90s`, `2h`: as seconds. */
const duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smh]$/, 'a duration such as 90s, 15m or 2h')
  .transform((text) => Number(text.slice(0, -1)) * ({ s: 1, m: 60, h: 3600 }[text.slice(-1)] ?? 1))
  .refine((seconds) => seconds <= 7 * 86_400, 'at most 7 days');

const strings = z.array(z.string().min(1).max(253)).min(1);
const people = z.int().min(1).max(20);

const principals = z.strictObject({
  agents: strings.optional().describe('Names of agents, or globs'),
  groups: strings.optional().describe('The principal is in one of them'),
  issuers: strings.optional(),
  verified: z.boolean().optional().describe('Whether a token was verified'),
});

const resource = z
  .string()
  .regex(
    /^(?:\*|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9.-]*)?|\*\.[a-z0-9][a-z0-9.-]*)(?:\/(?:\*|[a-z][a-z0-9-]*))?$/,
    'a plural with its group, such as pods, deployments.apps, pods/exec, *.rbac.authorization.k8s.io or *; not a kind',
  );

const match = z.strictObject({
  principal: principals.optional(),
  tools: strings.optional(),
  verbs: z
    .array(z.enum(['get', 'list', 'create', 'patch', 'delete', '*']))
    .min(1)
    .optional(),
  resources: z
    .array(resource)
    .min(1)
    .optional()
    .describe('Without a subresource: the object itself, not its subresources'),
  namespaces: strings.optional().describe('Names or globs; what is in no namespace has none and is not matched'),
  clusterScoped: z.boolean().optional().describe('true: only what is in no one namespace; false: only what is'),
  clusters: strings.optional().describe('Configured names, or globs'),
});

const requirement = z
  .strictObject({
    people: people.optional().describe('Anybody of the people registry'),
    slots: z
      .array(z.strictObject({ group: z.string().min(1).optional(), count: people.default(1) }))
      .min(1)
      .max(10)
      .optional(),
    decideWithin: duration.optional(),
    useWithin: duration.optional(),
    ownerMay: z.boolean().default(false).describe('The person behind the agent may countersign'),
    confirmCode: z.boolean().default(false).describe('A vote must repeat the code of the approval'),
  })
  .refine((each) => (each.people === undefined) !== (each.slots === undefined), 'give either people or slots');

export const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case words with "-"')
      .max(63),
    description: z.string().min(10).max(300).describe('One sentence, which who is refused or asked reads'),
    match: match.default({}),
    effect: z.enum(['deny', 'review', 'allow']),
    require: requirement.optional().describe('For review; default: one person'),
  })
  .refine((rule) => rule.effect === 'review' || rule.require === undefined, {
    path: ['require'],
    message: 'only a review rule requires people',
  });

export const fileSchema = z.strictObject({ rules: z.array(ruleSchema) });

export type Rule = z.infer<typeof ruleSchema>;
export type Match = Rule['match'];
export type RuleRequirement = z.infer<typeof requirement>;
