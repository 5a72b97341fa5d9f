import { z } from 'zod';
import { approvalConfigSchema } from '../approval/config.ts';
import { peopleConfigSchema } from '../approval/people.ts';
import { auditConfigSchema } from '../audit/config.ts';
import { clusterConfigSchema } from '../cluster/config.ts';
import { identityConfigSchema } from '../identity/config.ts';
import { maskingConfigSchema } from '../masking/config.ts';
import { recordingConfigSchema } from '../recording/config.ts';
import { httpConfigSchema } from '../transport/http/config.ts';

const seconds = (most: number) => z.int().min(1).max(most);

const patience = z
  .union([seconds(86_400), z.literal('decideWithin')])
  .describe('Seconds that a call waits for a person, or decideWithin: as long as the approval stays open');

const toolsSchema = z.strictObject({
  prefix: z
    .string()
    .regex(/^[a-z0-9_]{0,20}$/, 'lower-case letters, digits and "_", at most 20')
    .default('')
    .describe('Before each tool name, such as k8s_, for clients that do not name the server'),
});

const waitsSchema = z.strictObject({
  clients: z
    .record(z.string().min(1), patience)
    .default({})
    .describe('By a part of the name that the client gives itself'),
  withProgress: patience.default(230).describe('Clients that ask for progress notes'),
  withoutProgress: patience.default(50).describe('All others'),
});

const limitsSchema = z.strictObject({
  callsPerSecond: z.int().min(1).max(10_000).default(10),
  inFlight: z.int().min(1).max(10_000).default(30),
  inputBytes: z.int().min(1_000).max(16_000_000).default(1_000_000),
  recordedBytes: z
    .int()
    .min(1_000)
    .max(100_000_000_000)
    .default(100_000_000)
    .describe('Of what one program writes under exec; one that writes more is ended'),
});

const name = z.string().regex(/^[a-z0-9](?:[-a-z0-9.]{0,61}[a-z0-9])?$/, 'lower-case letters, digits, "-" and "."');

/** `countersign.yaml`: what each part exports, under one key each. Unknown keys are errors. */
const wholeSchema = z.strictObject({
  clusters: z
    .record(name, clusterConfigSchema)
    .refine(
      (clusters) => Object.values(clusters).filter((cluster) => 'sandbox' in cluster).length <= 1,
      'one sandbox at most',
    )
    .default({})
    .describe('By the name that people see in every result and on every card; with several, calls name one as context'),
  defaultContext: name
    .optional()
    .describe('With several clusters: where reads go that name none; changes always name one'),
  isolation: z
    .literal('accept-same-user')
    .optional()
    .describe(
      'For a real cluster over stdio: whoever has a shell as this user can read state and credentials, and you accept it',
    ),
  policy: z
    .strictObject({ folder: z.string().min(1).describe('A policy bundle; default: the strict one that is shipped') })
    .optional(),
  people: peopleConfigSchema.describe('Who may countersign, one record a person'),
  approvals: approvalConfigSchema,
  audit: auditConfigSchema.prefault({}).describe('The audit log, and what proves that nothing of it is missing'),
  recording: recordingConfigSchema.prefault({}).describe('Of exec sessions'),
  identity: identityConfigSchema.prefault({}).describe('Whose tokens are taken, and how long a client may go on'),
  masking: maskingConfigSchema.prefault({}).describe('What is hidden beside what Countersign knows by itself'),
  state: z
    .strictObject({ directory: z.string().min(1) })
    .optional()
    .describe('Default: $COUNTERSIGN_STATE, else ~/.local/state/countersign'),
  tools: toolsSchema.prefault({}),
  http: httpConfigSchema.prefault({}),
  waits: waitsSchema.prefault({}),
  limits: limitsSchema.prefault({}),
});

/** With what no part can check by itself. */
export const configSchema = wholeSchema.refine(
  ({ clusters, defaultContext }) => defaultContext === undefined || Object.hasOwn(clusters, defaultContext),
  { path: ['defaultContext'], message: 'must be the name of a cluster under clusters' },
);

export type Config = z.output<typeof configSchema>;
