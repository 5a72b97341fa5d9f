/**
 * A small process that owns the control plane's processes and its folder. When its stdin ends, because its owner
 * stopped it or died in whatever way, it stops them and removes the folder. Orders are JSON lines on stdin, what
 * happened is JSON lines on stdout.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Order, Report } from './keeper-protocol.ts';

const [folder = ''] = process.argv.slice(2);
const graceMs = 5_000;
const children: ChildProcess[] = [];
let stopping = false;

function report(line: Report): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function start({ name, command, args }: Order): void {
  const log = openSync(join(folder, `${name}.log`), 'a', 0o600);
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  children.push(child);
  child.on('spawn', () => report({ name, event: 'started', pid: child.pid ?? 0 }));
  child.on('error', (error) => report({ name, event: 'ended', how: error.message }));
  child.on('exit', (code, signal) => report({ name, event: 'ended', how: signal ?? `exit code ${code}` }));
}

const runs = (child: ChildProcess) => child.pid !== undefined && child.exitCode === null && child.signalCode === null;

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  const ends = children.filter(runs).map((child) => new Promise((resolve) => child.once('exit', resolve)));
  // The reverse of the starting order: etcd goes last, so that nobody waits for it.
  for (const child of children.toReversed()) if (runs(child)) child.kill('SIGTERM');
  const killer = setTimeout(() => {
    for (const child of children) if (runs(child)) child.kill('SIGKILL');
  }, graceMs);
  await Promise.all(ends);
  clearTimeout(killer);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

// A closed stdout means that the owner is gone: stdin says so too, and that is what ends us.
process.stdout.on('error', () => undefined);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => start(JSON.parse(line)));
orders.on('close', () => void stop());
