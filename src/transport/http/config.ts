import { z } from 'zod';

const hostName = z
  .string()
  .regex(/^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[-a-z0-9.]{0,252}[a-z0-9])?)$/, 'a host name without port, in lower case');
const origin = z.string().regex(/^https?:\/\/[^/\s]+$/, 'an origin, such as https://app.example.com');

/** `http` in countersign.yaml: what `serve --http` needs beside the address. */
export const httpConfigSchema = z.strictObject({
  publicUrl: origin
    .optional()
    .describe(
      'How clients reach this server, such as https://countersign.example.com; default: the address it listens on',
    ),
  hosts: z.array(hostName).max(50).default([]).describe('More names in the Host header that lead here'),
  origins: z.array(origin).max(50).default([]).describe('Web pages that may call; others are refused'),
  tls: z
    .strictObject({
      cert: z.string().min(1).describe('PEM file, the chain; read again when it changes'),
      key: z.string().min(1).describe('PEM file'),
    })
    .optional(),
  behindProxy: z
    .boolean()
    .default(false)
    .describe(
      'A proxy in front ends TLS, and nothing but it reaches this port; needed for an address that is not loopback without tls',
    ),
  sessions: z
    .boolean()
    .default(true)
    .describe('false: every request stands alone, also for clients that begin with initialize'),
  sse: z.boolean().default(true).describe('Serve HTTP+SSE (/sse, /messages) for clients of 2024-11-05'),
  metrics: z
    .enum(['loopback', 'open'])
    .default('loopback')
    .describe('Who reads /metrics and sees at /readyz which parts are not ready: this machine itself, or everybody'),
  metricsToken: z
    .string()
    .min(1)
    .optional()
    .describe('Whoever sends it as a Bearer token reads them too: a reference, env:NAME or file:PATH, never the value'),
  connections: z.int().min(10).max(100_000).default(4_096).describe('Open at once; more are refused'),
});

export type HttpConfig = z.output<typeof httpConfigSchema>;
