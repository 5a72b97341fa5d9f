import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Hosts that a checkpoint may be sent to without TLS: this machine. */
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname));
}

const sinkSchema = z.union([
  z.strictObject({
    file: z
      .string()
      .refine((path) => isAbsolute(path), 'must be an absolute path')
      .describe('Checkpoints are added to this file: on another disk, best one where this user may only add'),
  }),
  z.strictObject({
    url: z
      .url()
      .refine((url) => isSafe(new URL(url)), 'must be https://')
      .describe('Each checkpoint is sent here by POST, as text/plain; 2xx means that it is kept'),
    authorization: z
      .string()
      .min(1)
      .optional()
      .describe('The Authorization header: a reference, env:NAME or file:PATH, never the value'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('A PEM file with the authority that vouches for that server, where it is none that Node knows'),
  }),
]);
export type SinkConfig = z.output<typeof sinkSchema>;

const checkpointsSchema = z
  .strictObject({
    everyLines: z.int().min(1).max(1_000_000).default(1_000).describe('After so many lines'),
    everySeconds: z.int().min(1).max(86_400).default(60).describe('And so long after a line that none has covered'),
    keyName: z
      .string()
      .regex(/^[\x21-\x2a\x2c-\x7e]{1,200}$/, 'printable ASCII without spaces and +')
      .optional()
      .describe('The name of the key in each signature, such as example.com/countersign; default: made from its id'),
    key: z
      .string()
      .min(1)
      .optional()
      .describe('An Ed25519 key in PEM (PKCS #8) instead of one in the state directory: env:NAME or file:PATH'),
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('A program that signs instead: the text on stdin, the signature in base64 on stdout'),
    publicKey: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The verifier key that was published, name+id+key: doctor compares; with command signatures are checked by it',
      ),
    sinks: z.array(sinkSchema).max(8).default([]).describe('Where checkpoints are put besides the log itself'),
    mayWaitSeconds: z
      .int()
      .min(1)
      .max(604_800)
      .default(300)
      .describe(
        'How long checkpoints may fail to reach a sink, or to be signed, before the server is not ready any more',
      ),
    inThread: z.boolean().default(true).describe('Whether a checkpoint is put into the Slack thread after each vote'),
  })
  .superRefine(({ key, command, publicKey, keyName }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (key !== undefined && command !== undefined) issue('command', 'give key or command, not both');
    if (command !== undefined && publicKey === undefined) issue('publicKey', 'command needs publicKey');
    if (key !== undefined && keyName === undefined) issue('keyName', 'key needs the name that its signatures have');
  });

/** `audit` in the configuration. */
export const auditConfigSchema = z.strictObject({
  segmentMegabytes: z
    .int()
    .min(1)
    .max(100_000)
    .default(256)
    .describe('A file of the log that is longer is followed by a new one; so it is when the day (UTC) ends'),
  checkpoints: checkpointsSchema.prefault({}).describe('Signed statements where the log stands (docs/audit.md)'),
});
export type AuditConfig = z.output<typeof auditConfigSchema>;
