import { z } from 'zod';

const plainIdentity = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces')
  .refine((name) => !name.startsWith('system:'), 'a system: identity must never be impersonated');

const impersonationSchema = z
  .strictObject({
    user: plainIdentity.describe('The one fixed user of this tier; RBAC should allow it by resourceNames'),
    groups: z.array(plainIdentity).max(16).default([]),
  })
  .describe('Impersonate this user; off unless it is given');

const base = {
  namespace: z
    .string()
    .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'a namespace name')
    .optional()
    .describe('Where calls go that name no namespace; else what the context says, else "default"'),
  planner: impersonationSchema.optional(),
  writer: impersonationSchema.optional(),
  secretReader: impersonationSchema.optional(),
};

const kubeconfigSchema = z.strictObject({
  ...base,
  kubeconfig: z.string().min(1).describe('Path of the kubeconfig file'),
  context: z.string().min(1).describe('The context by name: the current one can change behind our back'),
  allow: z.array(z.enum(['exec-plugin'])).default([]),
});

const inClusterSchema = z.strictObject({
  ...base,
  inCluster: z.literal(true).describe('Use the service account of the pod that Countersign runs in'),
});

const sandboxSchema = z.strictObject({
  ...base,
  sandbox: z.strictObject({
    url: z.url({ protocol: /^http$/, hostname: /^(?:127\.0\.0\.1|localhost|\[::1\])$/ }),
    token: z.string().min(1),
  }),
});

/** One cluster of the configuration; whose name it is, and `isolation`, belong to the configuration's owner. */
export const clusterConfigSchema = z.union([kubeconfigSchema, inClusterSchema, sandboxSchema]);

export type ClusterConfig = z.output<typeof clusterConfigSchema>;
export type Impersonation = z.output<typeof impersonationSchema>;
