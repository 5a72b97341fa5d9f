import { z } from 'zod';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
export const roleArnSchema = z
  .string()
  .regex(
    /^arn:aws(?:-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/,
    'the ARN of a role, arn:aws:iam::123456789012:role/…',
  )
  .describe('The role that this tier assumes; no other tier may have it');

const loopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\/?$/;
const endpoint = z
  .string()
  .refine((url) => loopback.test(url) || (URL.canParse(url) && new URL(url).protocol === 'https:'), 'an https URL');

/** Where the cluster is, and how its roles are assumed; which ones is said under `tiers`. */
export const eksSchema = z
  .strictObject({
    cluster: z
      .string()
      .regex(/^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/, 'the name of an EKS cluster')
      .describe('Its name on EKS; endpoint, CA and ARN come from DescribeCluster'),
    region: z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'an AWS region, such as eu-central-1'),
    externalId: z
      .string()
      .regex(/^[\w+=,.@:/-]{2,1224}$/, 'letters, digits and +=,.@:/-')
      .optional()
      .describe('What the trust policies of the roles ask for, where they do'),
    sessionName: z
      .string()
      .regex(/^[\w+=,.@-]{2,16}$/, '2 to 16 letters, digits and +=,.@-')
      .default('countersign')
      .describe('How role session names begin; agent, approval and a hash follow'),
    sessionSeconds: z.int().min(900).max(3600).default(900).describe('How long a role session lasts'),
    sourceIdentity: z
      .boolean()
      .default(true)
      .describe('Name the agent as SourceIdentity too; needs sts:SetSourceIdentity in the trust policies'),
    endpoints: z
      .strictObject({ sts: endpoint.optional(), eks: endpoint.optional() })
      .optional()
      .describe('Other addresses of the AWS services, such as VPC endpoints'),
  })
  .describe('An EKS cluster, by the roles of its tiers; base credentials come from the default chain of AWS');

export type EksConfig = z.output<typeof eksSchema>;
