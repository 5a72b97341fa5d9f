import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Answer {
  readonly result?: {
    readonly content?: readonly { readonly type: string; readonly text: string }[];
    readonly structuredContent?: Readonly<Record<string, unknown>>;
    readonly isError?: boolean;
  };
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * An MCP server on the other end of two pipes, and a client as thin as can be: one write a request, and an answer is timed
 * when its line is whole, before it is parsed. What a client library costs would be the same for both peers and would make
 * their ratio look better.
 */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #parts = '';
  #errors = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [...args], { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#errors = (this.#errors + chunk).slice(-4_000);
    });
    this.#child.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the server ended (${code}): ${this.#errors}`));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The text of the answer, unparsed. */
  request(method: string, params: unknown): Promise<string> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(
        `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${JSON.stringify(params)}}\n`,
      );
    });
  }

  async initialize(): Promise<void> {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'countersign-bench', version: '1.0.0' },
    };
    await this.request('initialize', params);
    this.#child.stdin?.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  }

  /** A call of a tool that must work: one that is refused would be fast, and would measure nothing. */
  async call(tool: string, input: unknown): Promise<Answer['result'] & object> {
    const answer: Answer = JSON.parse(await this.request('tools/call', { name: tool, arguments: input }));
    const { result } = answer;
    if (result === undefined || result.isError === true) {
      throw new Error(`${tool} failed: ${JSON.stringify(answer.error ?? result?.content)} ${this.#errors}`);
    }
    return result;
  }

  /** Resident memory in bytes; undefined where there is no /proc. */
  memory(): number | undefined {
    try {
      const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    } catch {
      return undefined;
    }
  }

  /** Milliseconds of processor time since it began, all its threads; unlike the clock it does not see who else is busy. */
  cpu(): number | undefined {
    try {
      const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      // utime and stime, in ticks of 10 ms
      return (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }

  #take(chunk: string): void {
    this.#parts += chunk;
    for (let end = this.#parts.indexOf('\n'); end !== -1; end = this.#parts.indexOf('\n')) {
      const line = this.#parts.slice(0, end);
      this.#parts = this.#parts.slice(end + 1);
      // The id is the first member with this name in what either peer writes; results hold quoted text only.
      const id = Number(/"id":(\d+)[,}]/.exec(line.slice(0, 40))?.[1] ?? /"id":(\d+)\}$/.exec(line)?.[1]);
      this.#waiting.get(id)?.resolve(line);
      this.#waiting.delete(id);
    }
  }
}
