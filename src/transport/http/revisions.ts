/** Revisions that begin with `initialize`, newest first. The oldest is spoken by clients of HTTP+SSE only. */
export const legacyRevisions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
/** Revisions without sessions: each request says who it is from. */
export const modernRevisions = ['2026-07-28'] as const;

export const newestLegacy = legacyRevisions[0];
/** What a request without `MCP-Protocol-Version` speaks (2025-06-18, "Protocol Version Header"). */
export const unnamedRevision = '2025-03-26';

export const isLegacy = (revision: string): boolean => legacyRevisions.some((each) => each === revision);
export const isModern = (revision: string): boolean => modernRevisions.some((each) => each === revision);
