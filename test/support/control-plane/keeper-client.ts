import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Order, Report } from './keeper-protocol.ts';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const program = fileURLToPath(new URL('./keeper.ts', import.meta.url));

/** The owner's end of the keeper (keeper.ts). */
export class Keeper {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended = new Map<string, string>();
  readonly #pids = new Map<string, number>();
  readonly #exit: Promise<void>;
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    // Detached: Ctrl-C goes to the owner, whose end is what the keeper acts upon.
    this.#process = spawn(process.execPath, ['--import', tsx, program, folder], {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#exit = new Promise((resolve) => this.#process.once('exit', () => resolve()));
    this.#process.stdin.on('error', () => undefined);
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#note(JSON.parse(line)));
  }

  #note(report: Report): void {
    if (report.event === 'started') this.#pids.set(report.name, report.pid);
    else this.#ended.set(report.name, report.how);
  }

  start(order: Order): void {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
  }

  /** Process ids by program, the keeper's own among them. */
  pids(): ReadonlyMap<string, number> {
    return new Map([...this.#pids, ['keeper', this.#process.pid ?? 0]]);
  }

  /** @throws when a program has ended, with the end of what it said */
  assertAlive(): void {
    for (const [name, how] of this.#ended) {
      const log = join(this.folder, `${name}.log`);
      const said = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-15).join('\n') : '';
      throw new Error(`${name} ended (${how}):\n${said}`);
    }
    if (this.#process.exitCode !== null) throw new Error('the keeper of the control plane ended');
  }

  /** Stops everything and removes the folder; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#process.stdin.end();
    await this.#exit;
  }
}
