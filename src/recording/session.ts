import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, listAt, numberAt, stringAt } from '../domain/json.ts';
import { readRecording } from './read.ts';

/** Some text of the session, as it was masked when it was recorded. */
export interface Cue {
  /** Milliseconds since the session began. */
  readonly at: number;
  readonly channel: string;
  readonly text: string;
}

/** What the header and the last line of a recording say. What is missing was not recorded. */
export interface SessionFacts {
  readonly recording: string;
  readonly invocation: string | undefined;
  readonly planDigest: string | undefined;
  readonly principal: string | undefined;
  readonly cluster: string | undefined;
  readonly object: string | undefined;
  readonly container: string | undefined;
  readonly command: readonly string[];
  /** ISO 8601. */
  readonly begun: string | undefined;
  /** Undefined: the recording has no last line, so nobody saw the session end. */
  readonly ended: string | undefined;
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  /** Undefined: no raw frames were kept. */
  readonly rawRoot: string | undefined;
}

export interface Session {
  readonly facts: SessionFacts;
  readonly cues: readonly Cue[];
}

/** A whole recording. Its chain is not checked here: `verifyRecording` does that. @throws Invalid when there is none */
export async function readSession(folder: string, id: string): Promise<Session> {
  const { cues, edges } = await collect(folder, id, true);
  return { facts: factsOf(id, edges), cues };
}

/** The recordings of a folder, oldest first, without what was said in them. */
export async function listSessions(folder: string): Promise<readonly SessionFacts[]> {
  const names = await readdir(folder).catch(() => []);
  const ids = names.flatMap((name) => /^(rec-[0-9a-z]{26})\.jsonl$/.exec(name)?.[1] ?? []).sort();
  const facts: SessionFacts[] = [];
  for (const id of ids) facts.push(factsOf(id, (await collect(folder, id, false)).edges));
  return facts;
}

/** Where the recordings of a state directory are. */
export const recordingsFolder = (stateRoot: string): string => join(stateRoot, 'recordings');

interface Edges {
  readonly opened: JsonObject | undefined;
  readonly closed: JsonObject | undefined;
}

async function collect(folder: string, id: string, whole: boolean): Promise<{ cues: readonly Cue[]; edges: Edges }> {
  const cues: Cue[] = [];
  let opened: JsonObject | undefined;
  let closed: JsonObject | undefined;
  for await (const line of readRecording(folder, id, !whole)) {
    if (line.type === 'RecordingOpened') opened ??= line;
    else if (line.type === 'RecordingClosed') closed = line;
    else cues.push(...cueOf(line, opened));
  }
  return { cues, edges: { opened, closed } };
}

function cueOf(line: JsonObject, opened: JsonObject | undefined): readonly Cue[] {
  const text = stringAt(line, 'text');
  if (line.type !== 'Frame' || text === undefined) return [];
  const begun = timeOf(opened) ?? timeOf(line) ?? 0;
  return [{ at: Math.max(0, (timeOf(line) ?? begun) - begun), channel: stringAt(line, 'channel') ?? '', text }];
}

function timeOf(line: JsonObject | undefined): number | undefined {
  const time = Date.parse((line && stringAt(line, 'time')) ?? '');
  return Number.isNaN(time) ? undefined : time;
}

function factsOf(recording: string, { opened = {}, closed = {} }: Edges): SessionFacts {
  return {
    recording,
    invocation: stringAt(opened, 'invocation'),
    planDigest: stringAt(opened, 'planDigest'),
    principal: stringAt(opened, 'principal'),
    cluster: stringAt(opened, 'cluster'),
    object: stringAt(opened, 'object'),
    container: stringAt(opened, 'container'),
    command: listAt(opened, 'command').map(String),
    begun: stringAt(opened, 'time'),
    ended: stringAt(closed, 'time'),
    exitCode: numberAt(closed, 'exitCode'),
    reason: stringAt(closed, 'reason'),
    rawRoot: stringAt(closed, 'rawRoot'),
  };
}
