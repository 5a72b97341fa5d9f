import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import { noValidator } from './no-validator.ts';

export interface ClientOptions {
  readonly name: string;
  readonly version: string;
  /** The server's program and arguments. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where the server's stderr goes: its operational log. */
  readonly stderr: 'inherit' | 'ignore';
}

export interface ToolResult {
  readonly text: string;
  readonly structured: JsonObject;
  readonly isError: boolean;
}

export interface McpClient {
  readonly serverVersion: string;
  readonly instructions: string;
  tools(): Promise<readonly string[]>;
  /** `onProgress` asks the server for notes while it waits; each note gives the call another minute. */
  call(tool: string, input: JsonObject, onProgress?: (note: string) => void): Promise<ToolResult>;
  close(): Promise<void>;
}

/** A real MCP client on a server of its own, over stdio: what an agent's program is, as far as the server can tell. */
export async function startClient(options: ClientOptions): Promise<McpClient> {
  const client = new Client({ name: options.name, version: options.version }, { jsonSchemaValidator: noValidator });
  const { command, env, stderr } = options;
  await client.connect(new StdioClientTransport({ command, args: [...options.args], env: { ...env }, stderr }));
  return {
    serverVersion: client.getServerVersion()?.version ?? '',
    instructions: client.getInstructions() ?? '',
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, input, onProgress) => {
      const listening = onProgress && { onprogress: listener(onProgress), resetTimeoutOnProgress: true };
      return toolResult(await client.callTool({ name, arguments: { ...input } }, undefined, listening ?? {}));
    },
    close: () => client.close(),
  };
}

const listener =
  (onProgress: (note: string) => void) =>
  ({ message }: { message?: string | undefined }): void => {
    if (message !== undefined) onProgress(message);
  };

function toolResult(result: Awaited<ReturnType<Client['callTool']>>): ToolResult {
  const blocks: unknown = result.content;
  const texts = Array.isArray(blocks) ? blocks.map(textOf) : [];
  const structured: unknown = result.structuredContent;
  return {
    text: texts.join('\n'),
    structured: isJsonObject(structured) ? structured : {},
    isError: result.isError === true,
  };
}

const textOf = (block: unknown): string => (isJsonObject(block) && typeof block.text === 'string' ? block.text : '');
