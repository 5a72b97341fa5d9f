import type { Json, JsonObject } from '../../../src/domain/json.ts';
import type { McpRequest } from '../../../src/transport/http/service.ts';

export interface ToolRun {
  readonly request: McpRequest;
  readonly input: JsonObject;
  readonly progressToken: Json | undefined;
  notify(method: string, params: JsonObject): void;
  ask(method: string, params: JsonObject): Promise<JsonObject>;
}

export interface FixtureTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  run(call: ToolRun): JsonObject | Promise<JsonObject>;
}

const noInput: JsonObject = { type: 'object', properties: {} };

export const tool = (name: string, run: FixtureTool['run'], inputSchema: JsonObject = noInput): FixtureTool => ({
  name,
  description: `Fixture ${name}`,
  inputSchema,
  run,
});

export const text = (said: string): JsonObject => ({ type: 'text', text: said });
export const content = (...blocks: readonly JsonObject[]): JsonObject => ({ content: blocks });

/** Milliseconds, or less where `signal` says that nobody waits. */
export const pause = (ms: number, signal?: McpRequest['signal']): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
