import { isJsonObject, type JsonObject } from '../domain/json.ts';

/** A line as JSON; an empty object for what is not one. */
export function parseLine(line: Buffer | string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(line.toString());
    return isJsonObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

/** How the run of an invocation ended. */
export const isOutcome = (type: string): boolean => type === 'Executed' || type === 'Failed' || type === 'Unknown';

/**
 * Whether the outcome is of something that was sent to a cluster: not of a dry-run, of a kept result handed out again, or of
 * the tool that only looks at approvals.
 */
export const wasSent = (line: JsonObject): boolean =>
  line.dryRun !== true && line.replayed !== true && !(line.tool === 'approval' && line.planDigest === undefined);
