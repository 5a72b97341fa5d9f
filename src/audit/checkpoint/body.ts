import type { CheckpointCause } from '../../domain/checkpoint.ts';
import { iso } from '../../domain/environment.ts';
import { type JsonObject, listAt } from '../../domain/json.ts';
import { formatHead, type Head, parseHead } from '../chain-files.ts';
import type { Note } from './note.ts';

/** The first line, so that a signature under anything else is none under a checkpoint. */
const origin = 'countersign.dev/audit-checkpoint/v1';

export interface Statement {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly because: string;
  /** Where chains stood. Those that are not named are named, as they stood, by lines of those that are. */
  readonly heads: readonly Head[];
}

/** The text of a checkpoint, line by line. */
export const statementLines = (time: number, because: CheckpointCause, heads: readonly Head[]): readonly string[] => [
  origin,
  `time ${iso(time)}`,
  `because ${because}`,
  ...heads.map(formatHead),
];

/** What a note says; undefined for a note that is no checkpoint. */
export function parseStatement({ text }: Pick<Note, 'text'>): Statement | undefined {
  const [first, time, because, ...lines] = text.slice(0, -1).split('\n');
  const heads = lines.flatMap((line) => parseHead(line) ?? []);
  const [, at] = /^time (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/.exec(time ?? '') ?? [];
  if (first !== origin || at === undefined || !because?.startsWith('because ') || heads.length !== lines.length)
    return undefined;
  return { time: at, because: because.slice(8), heads };
}

/** The note of a Checkpoint line: its text is kept line by line, and its signatures without their dash. */
export function noteOf(line: JsonObject): Note {
  const texts = (key: string): readonly string[] => listAt(line, key).filter((each) => typeof each === 'string');
  return {
    text: texts('note')
      .map((each) => `${each}\n`)
      .join(''),
    signatures: texts('signatures'),
  };
}
