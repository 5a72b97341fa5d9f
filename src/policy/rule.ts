import { z } from 'zod';
import { limits } from './cel/limits.ts';
import { requirement } from './requirement-schema.ts';

const strings = z.array(z.string().min(1).max(253)).min(1);

const principals = z.strictObject({
  agents: strings.optional().describe('Names of agents, or globs'),
  groups: strings.optional().describe('The principal is in one of them'),
  issuers: strings.optional().describe('Who vouches for the principal'),
  verified: z.boolean().optional().describe('Whether a token was verified'),
});

const resource = z
  .string()
  .regex(
    /^(?:\*|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9.-]*)?|\*\.[a-z0-9][a-z0-9.-]*)(?:\/(?:\*|[a-z][a-z0-9-]*))?$/,
    'a plural with its group, such as pods, deployments.apps, pods/exec, *.rbac.authorization.k8s.io or *; not a kind',
  );

const namespace = z
  .union([
    z.string().min(1).max(253),
    z.strictObject({
      labels: z
        .record(z.string().min(1).max(317), z.string().max(63))
        .refine((labels) => Object.keys(labels).length > 0, 'at least one label'),
    }),
  ])
  .describe('A name, a glob, or {labels: {key: value}}: a namespace that has all of them');

const match = z.strictObject({
  principal: principals.optional(),
  tools: strings.optional().describe('Names of tools, without a prefix'),
  verbs: z
    .array(z.enum(['get', 'list', 'create', 'patch', 'delete', '*']))
    .min(1)
    .optional(),
  resources: z
    .array(resource)
    .min(1)
    .optional()
    .describe('Without a subresource: the object itself, not its subresources'),
  namespaces: z
    .array(namespace)
    .min(1)
    .optional()
    .describe('One of these; what is in no namespace has none and is not matched'),
  clusterScoped: z.boolean().optional().describe('true: only what is in no one namespace; false: only what is'),
  clusters: strings.optional().describe('Configured names, or globs'),
});

export const ruleSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case words with "-"')
      .max(63),
    description: z.string().min(10).max(300).describe('One sentence, which who is refused or asked reads'),
    match: match.default({}).describe('What the rule is about; members that are left out match everything'),
    when: z
      .array(z.string().min(1).max(limits.expression))
      .min(1)
      .max(limits.conjuncts)
      .optional()
      .describe('Conditions in CEL over principal, call, facts and time; all must be true'),
    effect: z.enum(['deny', 'review', 'allow']),
    require: requirement.optional().describe('For review; default: one person'),
    masking: z
      .literal('reduced')
      .optional()
      .describe(
        'Output is shown also where the Secrets in reach cannot be read; counts if every rule that matches says it',
      ),
  })
  .refine((rule) => rule.effect === 'review' || rule.require === undefined, {
    path: ['require'],
    message: 'only a review rule requires people',
  })
  .refine((rule) => rule.effect !== 'deny' || rule.masking === undefined, {
    path: ['masking'],
    message: 'what is denied has no output',
  });

export const fileSchema = z.strictObject({ rules: z.array(ruleSchema).max(5000) });

export type Rule = z.infer<typeof ruleSchema>;
export type Match = Rule['match'];
export type RuleRequirement = z.infer<typeof requirement>;
