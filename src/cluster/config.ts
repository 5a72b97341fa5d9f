import { z } from 'zod';
import { eksSchema, roleArnSchema } from './eks/config.ts';

const plainIdentity = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces')
  .refine((name) => !name.startsWith('system:'), 'a system: identity must never be impersonated');

const user = plainIdentity.describe('The one fixed user that this tier becomes; RBAC should allow it by resourceNames');
const groups = z.array(plainIdentity).max(16).default([]);

const tierSchema = z.strictObject({ user, groups });
const tiersSchema = z
  .strictObject({
    plan: tierSchema.optional().describe('Reads and dry-runs before a decision'),
    read: tierSchema.optional().describe('Reads after the decision'),
    write: tierSchema.optional().describe('Apply, scale and delete'),
    exec: tierSchema.optional().describe('Programs in containers'),
    secretReader: tierSchema.optional().describe('The Secrets whose values are hidden in output'),
  })
  .optional()
  .describe('Whom Countersign impersonates for what; a tier that is left out speaks as the credentials themselves');

const roleSchema = z.strictObject({
  roleArn: roleArnSchema,
  user: user.optional(),
  groups,
});
const rolesSchema = z
  .strictObject({
    plan: roleSchema.describe('Reads and dry-runs before a decision; it also looks the cluster up'),
    read: roleSchema.describe('Reads after the decision'),
    write: roleSchema.optional().describe('Apply, scale and delete; left out: nothing is changed'),
    exec: roleSchema.optional().describe('Programs in containers; left out: none is run'),
    secretReader: roleSchema.optional().describe('The Secrets whose values are hidden; left out: no exec'),
  })
  .refine(({ plan, read, write, exec, secretReader }) => {
    const roles = [plan, read, write, exec, secretReader].flatMap((tier) => tier?.roleArn ?? []);
    return new Set(roles).size === roles.length;
  }, 'each tier needs a role of its own, else a read could write')
  .describe('A role for each tier, and whom it impersonates in the cluster');

const pinSchema = z
  .strictObject({
    uid: z.string().min(1).max(100).optional().describe('The uid of the namespace kube-system'),
    caDigest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits')
      .optional(),
  })
  .optional()
  .describe('Which cluster this must be, as countersign doctor prints it; another one of the name is refused');

const base = {
  namespace: z
    .string()
    .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'a namespace name')
    .optional()
    .describe('Where calls go that name no namespace; else what the context says, else "default"'),
  identity: pinSchema,
};

const kubeconfigSchema = z.strictObject({
  ...base,
  kubeconfig: z.string().min(1).describe('Path of the kubeconfig file'),
  context: z.string().min(1).describe('The context by name: the current one can change behind our back'),
  allow: z.array(z.enum(['exec-plugin'])).default([]),
  tiers: tiersSchema,
});

const inClusterSchema = z.strictObject({
  ...base,
  inCluster: z.literal(true).describe('Use the service account of the pod that Countersign runs in'),
  tiers: tiersSchema,
});

const eksClusterSchema = z.strictObject({ ...base, eks: eksSchema, tiers: rolesSchema });

const sandboxSchema = z.strictObject({
  ...base,
  sandbox: z.strictObject({
    url: z.url({ protocol: /^http$/, hostname: /^(?:127\.0\.0\.1|localhost|\[::1\])$/ }),
    token: z.string().min(1),
  }),
  tiers: tiersSchema,
});

/** One cluster of the configuration; whose name it is, and `isolation`, belong to the configuration's owner. */
export const clusterConfigSchema = z.union([kubeconfigSchema, eksClusterSchema, inClusterSchema, sandboxSchema]);

export type ClusterConfig = z.output<typeof clusterConfigSchema>;
export type EksClusterConfig = z.output<typeof eksClusterSchema>;
