import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Pool } from 'undici';

export type Mode = 'session' | 'stateless' | '2026-07-28';

/** Node options of a server that can be asked for `settled`. */
export const collectable: readonly string[] = ['--expose-gc', '-r', join(import.meta.dirname, 'settled-memory.cjs')];

/** Bytes after a collection. */
export interface Settled {
  readonly rss: number;
  readonly heapUsed: number;
}

/** An MCP server over HTTP and a client as thin as can be: an answer is timed when its last byte is there, before it is parsed. */
export class HttpPeer {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;
  #next = 1;

  private constructor(child: ChildProcess, lines: Interface, port: number, token: string | undefined) {
    this.#child = child;
    this.#lines = lines;
    this.#pool = new Pool(`http://127.0.0.1:${port}`, {
      connections: 4_096,
      pipelining: 1,
      bodyTimeout: 0,
      headersTimeout: 0,
    });
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  /** Both peers say their port as JSON on stderr. */
  static async start(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    token?: string,
  ): Promise<HttpPeer> {
    const child = spawn(process.execPath, [...args], { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    const lines = createInterface({ input: child.stderr });
    let said = '';
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the server ended (${code}): ${said}`)));
      lines.on('line', (line) => {
        said += `${line}\n`;
        const found = /"port":(\d+)/.exec(line)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    });
    return new HttpPeer(child, lines, port, token);
  }

  /** The id of a new session, of the token that this peer has or of another one. */
  async session(token?: string): Promise<string> {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
    const { headers, text } = await this.#post(this.#message('initialize', params), bearer(token));
    const id = headers['mcp-session-id'];
    if (typeof id !== 'string') throw new Error(`no session: ${text}`);
    return id;
  }

  /** The answer to one `get`, unparsed. A call that is refused would be fast, and would measure nothing. */
  async call(mode: Mode, session: string, input: object): Promise<string> {
    const params = { name: 'get', arguments: input };
    const { text } = await (mode === '2026-07-28'
      ? this.#post(this.#message('tools/call', { ...params, _meta: modernMeta }), modernHeaders)
      : this.#post(this.#message('tools/call', params), mode === 'session' ? { 'mcp-session-id': session } : {}));
    if (!text.includes('"content"') || text.includes('"isError":true')) throw new Error(`a call failed: ${text}`);
    return text;
  }

  /** Resolves when the call waits for people and its client has been told so; what comes later is read and dropped. */
  async hold(session: string, token: string, tool: string, input: object): Promise<void> {
    const params = { name: tool, arguments: input, _meta: { progressToken: this.#next } };
    const { body } = await this.#pool.request({
      method: 'POST',
      path: '/mcp',
      headers: { ...this.#headers, ...bearer(token), 'mcp-session-id': session },
      body: this.#message('tools/call', params),
    });
    let text = '';
    await new Promise<void>((resolve, reject) => {
      body.setEncoding('utf8');
      body.on('data', (chunk: string) => {
        text = text.slice(-500) + chunk;
        if (text.includes('notifications/progress')) resolve();
      });
      // When the server closes, whoever holds is told; that is not measured.
      body.on('error', () => undefined);
      body.on('close', () => reject(new Error(`the call was not held: ${text}`)));
    });
  }

  /** Bytes; undefined where there is no /proc. */
  memory(): number | undefined {
    return this.#proc('status', /^VmRSS:\s+(\d+) kB$/m, 1024);
  }

  /** What is left after a collection, of a server that was started with `collectable`. */
  async settled(): Promise<Settled> {
    const said = new Promise<Settled>((resolve) => {
      const hear = (line: string): void => {
        if (!line.startsWith('{"settled":')) return;
        this.#lines.off('line', hear);
        resolve((JSON.parse(line) as { settled: Settled }).settled);
      };
      this.#lines.on('line', hear);
    });
    this.#child.kill('SIGUSR2');
    return said;
  }

  /** Milliseconds of processor time since it began. */
  cpu(): number {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(stat[11]) + Number(stat[12])) * 10;
    } catch {
      return 0;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  #message(method: string, params: object): string {
    return JSON.stringify({ jsonrpc: '2.0', id: this.#next++, method, params });
  }

  async #post(body: string, headers: Readonly<Record<string, string>>) {
    const answer = await this.#pool.request({
      method: 'POST',
      path: '/mcp',
      headers: { ...this.#headers, ...headers },
      body,
    });
    return { headers: answer.headers, text: await answer.body.text() };
  }

  #proc(file: string, pattern: RegExp, times: number): number | undefined {
    try {
      const found = pattern.exec(readFileSync(`/proc/${this.#child.pid}/${file}`, 'utf8'))?.[1];
      return found === undefined ? undefined : Number(found) * times;
    } catch {
      return undefined;
    }
  }
}

const bearer = (token: string | undefined): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
};
const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'get' };
