import { isModern, legacyRevisions, modernRevisions } from './revisions.ts';
import type { McpService } from './service.ts';

/** Milliseconds for which a client of 2026-07-28 may keep a list; what it lists depends on nobody. */
const keepFor = 300_000;

/** `result`, JSON text of an object, with what 2026-07-28 wants to hear about keeping it. */
export const cached = (revision: string, result: string, ttlMs = keepFor): string =>
  isModern(revision) ? `{"ttlMs":${ttlMs},"cacheScope":"private",${result.slice(1)}` : result;

/** The answer to server/discover. */
export const discovered = (service: McpService): string =>
  cached(
    '2026-07-28',
    JSON.stringify({
      supportedVersions: [...modernRevisions, ...legacyRevisions],
      capabilities: service.capabilities('2026-07-28'),
      instructions: service.instructions,
    }),
  );
