import { z } from 'zod';
import { parsePlace } from './structure/places.ts';

const resource = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/,
    'the plural with its group, such as databases.acme.example',
  );
const path = z
  .string()
  .max(500)
  .refine((text) => parsePlace(text) !== undefined, 'a path as answers name it: spec.users[*].hash, data["app.conf"]');
const paths = z.record(resource, z.array(path).min(1).max(100));

const ofSecrets = 'what a Secret holds is always hidden: an exception can be about other kinds only';

const exceptionsSchema = z.strictObject({
  paths: paths
    .refine((byResource) => !Object.hasOwn(byResource, 'secrets'), ofSecrets)
    .default({})
    .describe('Not hidden there by name, by resource.group; known values and patterns still are. Never of secrets'),
  values: z
    .array(
      z
        .string()
        .regex(/^([^/\s]+)\/([^/\s]+)\/([^/\s]+)$/, 'namespace/name/key of a Secret; the namespace may be *, for all'),
    )
    .max(500)
    .default([])
    .describe(
      'Values that are none of a secret though a Secret holds them: hidden in the Secret, not looked for elsewhere',
    ),
});

/** What is hidden beside what Countersign knows by itself. */
export const maskingConfigSchema = z.strictObject({
  paths: paths.default({}).describe('Hidden too, by resource.group'),
  patterns: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(60).describe('What stands in the placeholder'),
        pattern: z
          .string()
          .min(1)
          .max(500)
          .describe('RE2 syntax; sees one line at a time, and matches of at most 2,000 characters'),
      }),
    )
    .max(20)
    .default([])
    .describe('Hidden wherever they match, in texts and in objects'),
  exceptions: exceptionsSchema.prefault({}),
});

export type MaskingConfig = z.output<typeof maskingConfigSchema>;
