import { z } from 'zod';

/** Asymmetric ones only: with HS* whoever verifies can sign, and `none` is no signature. */
const algorithm = z.enum([
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
]);

const isLoopback = ({ hostname }: URL): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);

/** Keys and secrets travel there: encrypted, or never off this machine. */
export const isSafeAddress = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
};

const address = z.string().max(2_000).refine(isSafeAddress, 'an https address (http for this machine only)');
const text = z.string().min(1).max(2_000);
const claim = z.string().min(1).max(100);

const introspectionSchema = z
  .strictObject({
    clientId: text.describe('As whom this server asks'),
    clientSecret: text.describe('env:NAME or file:PATH'),
  })
  .describe('Tokens that are no JWT are shown to this issuer (RFC 7662); of one issuer at most');

const issuerSchema = z
  .strictObject({
    issuer: address.describe('As it stands in `iss`, letter by letter; keys are found by its discovery document'),
    subjects: z
      .enum(['people', 'workloads'])
      .describe('people: `sub` is a person, the client is the agent. workloads: `sub` is the agent itself'),
    audience: text.optional().describe('What must stand in `aud`; default: identity.resource'),
    algorithms: z.array(algorithm).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
    type: z
      .enum(['at+jwt', 'any'])
      .optional()
      .describe('The `typ` of a token; default: at+jwt (RFC 9068) for people, any (none, JWT or at+jwt) for workloads'),
    groupsClaim: claim.default('groups'),
    clientClaim: claim.optional().describe('Which claim names the client; default: client_id, azp, cid, appid'),
    scopes: z
      .enum(['required', 'off'])
      .optional()
      .describe('Whether a tool needs the scope countersign:read, :write or :exec; default: required for people'),
    dpop: z
      .enum(['optional', 'required'])
      .default('optional')
      .describe('Whether tokens must be bound to a key (RFC 9449)'),
    tokenHours: z
      .int()
      .min(1)
      .max(8_784)
      .default(24)
      .describe('A JWT is taken for so many hours after its iat at most, whatever its exp says'),
    jwksUri: address.optional().describe('Where the keys are, if there is no discovery document'),
    ca: text.optional().describe('PEM file of the authority that signed the certificate of the issuer'),
    tokenFile: text.optional().describe('File with a token that the issuer wants for its keys, as a cluster does'),
    introspection: introspectionSchema.optional(),
  })
  .refine(({ jwksUri, introspection }) => jwksUri === undefined || introspection === undefined, {
    message: 'introspection needs the discovery document, which jwksUri stands in for: leave one of them out',
  });

const sessionsSchema = z.strictObject({
  hours: z.int().min(1).max(168).default(12).describe('After so many hours a client says hello again'),
  idleMinutes: z.int().min(1).max(10_080).default(60),
  perPrincipal: z.int().min(1).max(10_000).default(100).describe('Open sessions of one caller in one process'),
});

/** `identity` in the configuration: whose tokens are taken, and for how long a client may go on. */
export const identityConfigSchema = z
  .strictObject({
    resource: address
      .optional()
      .describe(
        'The address of this server as clients know it (RFC 8707), such as https://countersign.example.com/mcp',
      ),
    issuers: z
      .array(issuerSchema)
      .max(16)
      .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, 'an issuer stands here twice')
      .refine((all) => all.filter((each) => each.introspection).length <= 1, 'introspection at one issuer at most')
      .default([]),
    sessions: sessionsSchema.prefault({}),
  })
  .refine(
    ({ resource, issuers }) => resource !== undefined || issuers.every(({ audience }) => audience !== undefined),
    {
      message: 'resource is missing: tokens must be made for this server',
      path: ['resource'],
    },
  );

export type IdentityConfig = z.output<typeof identityConfigSchema>;
export type IssuerConfig = z.output<typeof issuerSchema>;
export type SessionLimits = z.output<typeof sessionsSchema>;
