import { isJsonObject, type JsonObject, stringAt } from '../domain/json.ts';

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
export const isOutcome = (type: string): type is 'Executed' | 'Failed' | 'Unknown' =>
  type === 'Executed' || type === 'Failed' || type === 'Unknown';

/**
 * Whether the outcome is of a run: not of a dry-run, or of a kept result handed out again.
 */
export const wasSent = (line: JsonObject): boolean => line.dryRun !== true && line.replayed !== true;

const timeOf = (line: JsonObject): string => stringAt(line, 'time') ?? '';

/** For sorting: times are ISO 8601, so they compare as text. */
export const byTime = (a: JsonObject, b: JsonObject): number => {
  const [first, second] = [timeOf(a), timeOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
};
