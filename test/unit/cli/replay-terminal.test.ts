import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openAuditLog } from '../../../src/audit/log.ts';
import { ident } from '../../../src/domain/masked.ts';
import { seal } from '../../../src/domain/seal.ts';
import { createRecorder } from '../../../src/recording/recorder.ts';
import { onPty, type Pty, screenLines } from '../../support/pty.ts';
import { event, keptLog, opened, random, realClock, temporaryFolder } from '../audit/support.ts';

const program = [process.execPath, join(import.meta.dirname, '../../../dist/countersign.cjs')];
const begun = Date.parse('2026-11-21T09:14:02.000Z');

/** A session of a minute and a half, most of it silence. */
async function recorded(): Promise<{ readonly id: string; readonly state: string }> {
  const state = temporaryFolder();
  const clock = { now: () => begun };
  const audit = await openAuditLog({ folder: join(state, 'audit'), clock, random, log: keptLog() });
  const recording = await createRecorder({ folder: join(state, 'recordings'), clock, random }).start({
    ...{ invocation: '01JD', planDigest: 'sha256:p', agent: 'deploy-bot', cluster: 'shop-prod', container: 'web' },
    object: ident('Pod/shop/web-0'),
    command: [seal('migrate'), seal('--all')],
  });
  const said: readonly (readonly ['stdin' | 'stdout' | 'stderr', number, string])[] = [
    ['stdin', 0, 'yes\n'],
    ['stdout', 100, 'begin\r\n'],
    ['stdout', 200, 'half'],
    ['stderr', 60_200, 'slow table orders\n'],
    ['stdout', 90_200, 'done\u001b]0;evil\u0007 without a newline'],
  ];
  for (const [channel, at, text] of said) await recording.write(channel, seal(text), begun + at);
  const { root } = await recording.end({ exitCode: 0, reason: undefined });
  const fields = { recording: ident(recording.id), root: ident(root) };
  await audit.append({ type: 'RecordingClosed', invocation: '01JD', fields });
  await audit.close();
  return { id: recording.id, state };
}

function terminal(state: string, ...args: readonly string[]): Pty {
  const pty = onPty([...program, ...args], { COUNTERSIGN_STATE: state, HOME: state });
  onTestFinished(() => pty.type('\u0003'));
  return pty;
}

it('plays on a terminal: in its time, with keys, and gives the terminal back', async () => {
  const { id, state } = await recorded();
  const pty = terminal(state, 'replay', id, '--idle', '100');
  await pty.until('half');
  // Nothing else comes for a minute; a key that means nothing changes nothing.
  pty.type('x');
  pty.type(' ');
  await pty.until(/paused at 0:0\d, space goes on/);
  expect(pty.shown()).not.toContain('slow table');
  // A key that is held comes several times at once.
  pty.type(`${'\u001b[C'.repeat(12)} `);
  await pty.until('slow table orders');
  pty.type('\u001b[D');
  await pty.until('\u001b[2J');
  pty.type('+');
  await pty.until('speed 2');
  pty.type('q');
  expect(await pty.ended()).toEqual({ code: 0, isSane: true });
  // On the screen, after going back: our words stand on lines of their own, the program's are not broken by them.
  const lines = screenLines(pty.shown());
  expect(lines.slice(0, 3)).toEqual(['yes', 'begin', 'half']);
  expect(lines.filter((line) => line.includes('['))).toEqual(lines.filter((line) => /^\[.*\]$/.test(line)));
  expect(lines).toContain('[speed 2]');
  expect(lines.at(-2)).toBe('[exit 0]');
});

it('skips what was idle, finds a text, and shows nothing that acts on the terminal', async () => {
  const { id, state } = await recorded();
  const pty = terminal(state, 'replay', id, '--speed', '20', '--idle', '1', '--search', 'orders');
  expect(await pty.ended()).toEqual({ code: 0, isSane: true });
  expect(screenLines(pty.shown())).toEqual([
    '[Pod/shop/web-0 web: migrate --all]',
    '[deploy-bot, 2026-11-21T09:14:02.000Z, 1:30, exit 0, masked]',
    '[space pauses, arrows jump 5 s, + and - change the speed, n finds the next match, q quits]',
    'yes',
    'begin',
    'halfslow table orders',
    '[found at 1:00]',
    'done\\u{1b}]0;evil\\u{7} without a newline',
    '[exit 0]',
    '',
  ]);
  expect(pty.shown()).not.toContain('\u001b]0');
});

it('follows the log on a terminal until Ctrl-C', async () => {
  const state = temporaryFolder();
  const audit = await opened({ folder: join(state, 'audit'), clock: realClock });
  await audit.append(event('Planned', '01JD6Q8ZABCDEFGH', { tool: 'apply' }));
  const pty = terminal(state, 'audit', 'tail', '-f');
  await pty.until('tool=apply');
  await audit.append(event('PrincipalSuspended', '01JD6Q8ZABCDEFGJ', { principal: 'bot', by: 'ana@example.com' }));
  await pty.until('by=ana@example.com');
  pty.type('\u0003');
  expect(await pty.ended()).toEqual({ code: 0, isSane: true });
  const events = screenLines(pty.shown()).filter((line) => /^\d{4}-/.test(line));
  // Columns stand one below the other.
  const columns = events.map((line) => line.indexOf('ABCDEFG')).filter((column) => column > 0);
  expect(columns).toHaveLength(2);
  expect(new Set(columns).size).toBe(1);
});
