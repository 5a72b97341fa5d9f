/**
 * A small process that owns the control plane's processes and its folder. When its stdin ends, because its owner
 * stopped it or died in whatever way, it stops them and removes the folder. Orders are JSON lines on stdin, what
 * happened is JSON lines on stdout.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Order, Report } from './keeper-protocol.ts';

const [folder = ''] = process.argv.slice(2);
const children: ChildProcess[] = [];
let stopping = false;

function report(line: Report): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function start({ name, command, args }: Order): void {
  const log = openSync(join(folder, `${name}.log`), 'a', 0o600);
  // A process group each, so that what kwok runs for an exec ends with kwok.
  const child = spawn(command, args, { cwd: folder, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  children.push(child);
  child.on('spawn', () => report({ name, event: 'started', pid: child.pid ?? 0 }));
  child.on('error', (error) => report({ name, event: 'ended', how: error.message }));
  child.on('exit', (code, signal) => report({ name, event: 'ended', how: signal ?? `exit code ${code}` }));
}

/** Kills at once: nothing here is worth saving, and a graceful API server takes longer than people wait. */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all(children.map(kill));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}

// A closed stdout means that the owner is gone: stdin says so too, and that is what ends us.
process.stdout.on('error', () => undefined);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => start(JSON.parse(line)));
orders.on('close', () => void stop());
