import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Pool } from 'undici';

export type Mode = 'session' | 'stateless' | '2026-07-28';

/** An MCP server over HTTP and a client as thin as can be: an answer is timed when its last byte is there, before it is parsed. */
export class HttpPeer {
  readonly #child: ChildProcess;
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;
  #next = 1;

  private constructor(child: ChildProcess, port: number, token: string | undefined) {
    this.#child = child;
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: 32, pipelining: 1 });
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
    return new HttpPeer(child, port, token);
  }

  /** The id of a new session. */
  async session(): Promise<string> {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
    const { headers, text } = await this.#post(this.#message('initialize', params), {});
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

  /** Bytes; undefined where there is no /proc. */
  memory(): number | undefined {
    return this.#proc('status', /^VmRSS:\s+(\d+) kB$/m, 1024);
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
    await this.#pool.close();
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

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
};
const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'get' };
