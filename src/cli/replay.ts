import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { forTerminal } from '../approval/escape.ts';
import { query } from '../audit/query.ts';
import { loadConfig, stateRoot } from '../config.ts';
import { CountersignError } from '../domain/errors.ts';
import { stringAt } from '../domain/json.ts';
import { asciicast } from '../recording/asciicast.ts';
import { recordingName } from '../recording/name.ts';
import { verifyRecording } from '../recording/read.ts';
import { listSessions, readSession, recordingsFolder, type Session, type SessionFacts } from '../recording/session.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { type PlayOptions, play, seconds } from './replay/player.ts';
import { keyboard, terminalScreen } from './replay/terminal.ts';

export interface ReplayOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly speed: number;
  /** Seconds. */
  readonly idle: number;
  /** Milliseconds of the session. */
  readonly from: number;
  readonly search?: string;
  readonly asciicast?: string;
  /** What was not masked, by who has the private half of the key. */
  readonly raw?: boolean;
  readonly identity?: string;
  readonly reason?: string;
}

/** Plays one recording, or lists all of them. 1 if it is not what was recorded. @throws Invalid for an unknown id */
export async function replay(id: string | undefined, options: ReplayOptions, io: Io): Promise<ExitCode> {
  const { config } = await loadConfig(options.config, io.env);
  const root = stateRoot(config, io.env);
  const folder = recordingsFolder(root);
  if (id === undefined) return list(folder, options, io);
  const masked = await readSession(folder, id);
  const whole = await faultsOf(join(folder, recordingName(id)), join(root, 'audit'), id);
  const raw =
    options.raw === true ? await (await import('./replay/raw.ts')).rawSession(folder, masked, options, io) : undefined;
  const session = raw?.session ?? masked;
  const faults = [...whole, ...(raw?.faults ?? [])];
  if (options.json === true) json(io, { ...session, faults });
  else if (options.asciicast !== undefined) await writeCast(options.asciicast, session, io);
  else await show(session, faults, options, io);
  return faults.length === 0 ? 0 : 1;
}

async function list(folder: string, options: ReplayOptions, io: Io): Promise<ExitCode> {
  const sessions = await listSessions(folder);
  if (options.json === true) json(io, sessions);
  else if (sessions.length === 0) line(io, `There are no recordings in ${folder}.`);
  else for (const facts of sessions) line(io, listed(facts));
  return 0;
}

const listed = (facts: SessionFacts): string =>
  forTerminal(
    [
      facts.begun ?? '?',
      facts.recording,
      facts.principal ?? '?',
      facts.object ?? '?',
      endOf(facts),
      facts.command.join(' '),
    ].join('  '),
  );

const endOf = ({ ended, exitCode, reason }: SessionFacts): string =>
  ended === undefined ? 'no end' : exitCode === undefined ? (reason ?? 'no exit code') : `exit ${exitCode}`;

/** The file's own chain, and the root that the audit log has of it: without that anybody could have made the file. */
async function faultsOf(path: string, auditFolder: string, id: string): Promise<readonly string[]> {
  const report = await verifyRecording(path);
  const faults = report.faults.map((fault) => `line ${fault.line}: ${fault.message}`);
  const sealed: string[] = [];
  for await (const event of query(auditFolder, { keys: { type: 'RecordingClosed', recording: id } }))
    sealed.push(stringAt(event, 'root') ?? '');
  if (!report.complete) faults.push('it has no end: the session still runs, or its process was killed');
  else if (sealed.length === 0) faults.push('the audit log has no RecordingClosed line for it');
  else if (sealed.some((root) => root !== report.root)) faults.push('its root is not the one in the audit log');
  return faults;
}

/** In its time on a terminal; all at once into a pipe. */
async function show(session: Session, faults: readonly string[], options: ReplayOptions, io: Io): Promise<void> {
  const { facts, cues } = session;
  const screen = terminalScreen(io);
  const length = seconds(cues.at(-1)?.at ?? 0);
  screen.say(forTerminal(`${facts.object ?? '?'} ${facts.container ?? ''}: ${facts.command.join(' ')}`));
  screen.say(
    forTerminal(
      `${facts.principal ?? '?'}, ${facts.begun ?? '?'}, ${length}, ${endOf(facts)}, ${options.raw === true ? 'NOT masked' : 'masked'}`,
    ),
  );
  for (const fault of faults) screen.say(`NOT AS IT WAS RECORDED: ${fault}`);
  if (io.stdout.isTTY !== true || io.stdin.isTTY !== true) {
    for (const cue of cues) {
      if (io.signal.aborted) return;
      if (cue.at >= options.from) screen.show(cue);
    }
    return;
  }
  screen.say('space pauses, arrows jump 5 s, + and - change the speed, n finds the next match, q quits');
  const keys = keyboard(io);
  try {
    await play(cues, screen, keys, playing(options));
  } finally {
    keys.stop();
  }
  screen.say(endOf(facts));
}

const playing = ({ speed, idle, from, search }: ReplayOptions): PlayOptions => ({
  ...{ speed, from, search },
  idle: idle * 1_000,
});

/** Never over a file that is there. */
async function writeCast(path: string, session: Session, io: Io): Promise<void> {
  if (path === '-') {
    for (const text of asciicast(session)) line(io, text);
    return;
  }
  const file = await open(path, 'wx', 0o600).catch((thrown: unknown) => {
    const hint = 'name a file that is not there yet, in a folder that is';
    throw new CountersignError('Invalid', `${path} cannot be made`, { hint, cause: thrown });
  });
  try {
    for (const text of asciicast(session)) await file.write(`${text}\n`);
  } finally {
    await file.close();
  }
  line(io, `${path}: play it with asciinema play ${path}`);
}
