import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAuditLog } from '../../../src/audit/log.ts';
import { type Controls, type Key, play } from '../../../src/cli/replay/player.ts';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import type { Cue } from '../../../src/recording/session.ts';
import { keptLog, random, temporaryFolder } from '../audit/support.ts';
import { run } from './harness.ts';

const begun = Date.parse('2026-11-21T09:14:02.000Z');

/** A state directory with one recording, and its root in the audit log. */
async function recorded() {
  const state = temporaryFolder();
  const clock = { now: () => begun };
  const recorder = createRecorder({ folder: join(state, 'recordings'), clock, random });
  const audit = await openAuditLog({ folder: join(state, 'audit'), clock, random, log: keptLog() });
  const recording = await recorder.start({
    ...{ invocation: '01JD', planDigest: 'sha256:p', agent: 'deploy-bot', cluster: 'shop-prod' },
    object: ident('Pod/shop/web-0'),
    container: 'web',
    command: [seal('cat'), seal('/etc/web.conf')],
  });
  await recording.write('stdin', seal('go\n'), begun + 100);
  await recording.write('stdout', seal('user=web\u001b]0;evil\u0007\n'), begun + 250);
  await recording.write('stderr', seal('slow\n'), begun + 60_250);
  const { root } = await recording.end({ exitCode: 3, reason: undefined });
  await audit.append({
    type: 'RecordingClosed',
    invocation: '01JD',
    fields: { recording: ident(recording.id), root: ident(root) },
  });
  await audit.close();
  const env = { COUNTERSIGN_STATE: state };
  return { id: recording.id, env, file: join(state, 'recordings', `${recording.id}.jsonl`), state };
}

describe('countersign replay', () => {
  it('prints what was recorded into a pipe, with nothing that acts on a terminal, and says how it ended', async () => {
    const { id, env } = await recorded();
    const { code, out, err } = await run(['replay', id], env);
    expect(code, err).toBe(0);
    expect(out).toBe('go\nuser=web\\u{1b}]0;evil\\u{7}\nslow\n');
    expect(err).toContain('Pod/shop/web-0 web: cat /etc/web.conf');
    expect(err).toContain('deploy-bot, 2026-11-21T09:14:02.000Z, 1:00, exit 3, masked');
  });

  it('begins where it is told to', async () => {
    const { id, env } = await recorded();
    expect((await run(['replay', id, '--from', '0:30'], env)).out).toBe('slow\n');
    expect((await run(['replay', id, '--from', 'noon'], env)).code).toBe(2);
    expect((await run(['replay', id, '--speed', '0'], env)).code).toBe(2);
  });

  it('lists all without an id, and gives programs the whole of one', async () => {
    const { id, env } = await recorded();
    const { out } = await run(['replay'], env);
    expect(out).toBe(`2026-11-21T09:14:02.000Z  ${id}  deploy-bot  Pod/shop/web-0  exit 3  cat /etc/web.conf\n`);
    const whole = JSON.parse((await run(['replay', id, '--json'], env)).out);
    expect(whole.facts).toMatchObject({ recording: id, principal: 'deploy-bot', exitCode: 3 });
    expect(whole.cues.map(({ at }: Cue) => at)).toEqual([100, 250, 60_250]);
    expect(whole.faults).toEqual([]);
    expect((await run(['replay'], { COUNTERSIGN_STATE: temporaryFolder() })).out).toMatch(/^There are no recordings/);
  });

  it('writes asciicast v2, never over a file that is there', async () => {
    const { id, env, state } = await recorded();
    const path = join(state, 'web.cast');
    expect((await run(['replay', id, '--asciicast', path], env)).code).toBe(0);
    const [header, ...events] = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(header).toMatchObject({ version: 2, timestamp: begun / 1_000, command: 'cat /etc/web.conf' });
    expect(events).toEqual([
      [0.1, 'i', 'go\r\n'],
      [0.25, 'o', 'user=web\u001b]0;evil\u0007\r\n'],
      [60.25, 'o', 'slow\r\n'],
    ]);
    const again = await run(['replay', id, '--asciicast', path], env);
    expect(again.code).toBe(1);
    expect(again.err).toContain('name a file that is not there yet');
  });

  it('says what is not as it was recorded', async () => {
    const { id, env, file } = await recorded();
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, good.replace('user=web', 'user=bob'));
    const changed = await run(['replay', id], env);
    expect(changed.code).toBe(1);
    expect(changed.err).toContain('NOT AS IT WAS RECORDED: line 3');
    writeFileSync(file, good.split('\n').slice(0, 3).join('\n').concat('\n'));
    expect((await run(['replay', id], env)).err).toContain('it has no end');
    const other = await recorded();
    writeFileSync(file, readFileSync(other.file));
    expect((await run(['replay', id], env)).err).toContain('its root is not the one in the audit log');
    const unknown = await run(['replay', `rec-${'0'.repeat(26)}`], env);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('there is no recording');
    expect((await run(['replay', '../../etc/passwd'], env)).err).toContain('is not the id of a recording');
  });
});

describe('the player', () => {
  const cues: readonly Cue[] = [0, 1_000, 61_000, 62_000, 70_000].map((at, n) => ({
    at,
    channel: 'stdout',
    text: `${n} `,
  }));

  /** Plays with keys that come `after` milliseconds of given pauses; tells what was shown, what was waited, and what was said. */
  async function played(
    keys: Readonly<Record<number, Key>>,
    { after = 0, ...options }: Partial<Parameters<typeof play>[3]> & { after?: number } = {},
  ) {
    const told = { shown: '', waits: [] as number[], said: [] as string[] };
    let pause = 0;
    let now = 0;
    const controls: Controls = {
      now: () => now,
      within: async (milliseconds) => {
        told.waits.push(milliseconds);
        const key = keys[pause++];
        now += key === undefined ? milliseconds : after;
        return key;
      },
      key: async () => keys[pause++] ?? 'quit',
    };
    const screen = {
      show: ({ text }: Cue) => {
        told.shown += text;
      },
      clear: () => {
        told.shown += '| ';
      },
      say: (words: string) => told.said.push(words),
    };
    await play(cues, screen, controls, { speed: 1, idle: 2_000, from: 0, search: undefined, ...options });
    return told;
  }

  it('keeps the time between cues, at any speed, and skips what was idle', async () => {
    expect(await played({})).toMatchObject({ shown: '0 1 2 3 4 ', waits: [0, 1_000, 2_000, 1_000, 2_000] });
    expect((await played({}, { speed: 2, idle: 1e6 })).waits).toEqual([0, 500, 30_000, 500, 4_000]);
  });

  it('pauses, goes faster, jumps both ways and quits by keys', async () => {
    expect((await played({ 1: 'faster' })).waits).toEqual([0, 1_000, 500, 1_000, 500, 1_000]);
    expect((await played({ 1: 'pause', 2: 'pause' })).said).toEqual(['paused at 0:00, space goes on']);
    expect((await played({ 4: 'back' })).shown).toBe('0 1 2 3 | 0 1 2 3 4 ');
    expect((await played({ 1: 'forward', 2: 'quit' })).shown).toBe('0 1 ');
    expect((await played({ 1: 'pause', 2: 'quit' })).shown).toBe('0 ');
    expect((await played({ 1: 'faster', 2: 'slower', 3: 'quit' })).said).toEqual(['speed 2', 'speed 1']);
  });

  it('goes on where it was when a key came within a pause', async () => {
    const long = { idle: 1e6, after: 400 };
    expect((await played({ 1: 'pause', 2: 'pause' }, long)).waits.slice(1, 3)).toEqual([1_000, 600]);
    expect((await played({ 1: 'faster' }, long)).waits.slice(1, 4)).toEqual([1_000, 300, 30_000]);
    // Out of a pause of a minute by arrows: what comes next is nearer each time.
    const { waits, said } = await played({ 2: 'forward', 3: 'forward', 4: 'back', 5: 'quit' }, { ...long, after: 0 });
    expect(waits.slice(2)).toEqual([60_000, 55_000, 50_000, 55_000]);
    expect(said).toEqual(['at 0:06', 'at 0:11', 'at 0:06']);
  });

  it('begins at a time or at a match, and finds the next one', async () => {
    expect((await played({ 0: 'quit' }, { from: 61_500 })).shown).toBe('0 1 2 ');
    expect(await played({ 0: 'quit' }, { search: '3' })).toMatchObject({ shown: '0 1 2 3 ', said: ['found at 1:02'] });
    expect((await played({ 0: 'next', 1: 'quit' }, { search: '3' })).said.at(-1)).toBe('"3" does not come after 1:08');
    expect((await played({ 0: 'next', 1: 'quit' })).said[0]).toContain('--search');
  });
});
