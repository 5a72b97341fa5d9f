import type { JsonObject } from '../domain/json.ts';
import { open } from '../domain/masked.ts';
import { isRefusal, type Outcome } from '../domain/outcome.ts';
import { fitJson, fitText } from './fit.ts';

/** Bytes of one channel; the largest client limit that is known is 25k tokens. */
const budget = 32_000;

/**
 * The JSON text of a `CallToolResult` (MCP 2025-11-25). Clients show a model either the text or the structured content, and
 * not the same one: each carries everything. This is the one place where an answer's seal is opened, and where its data
 * becomes JSON: once, to be measured and to be sent.
 */
export function present(outcome: Outcome): string {
  const message = open(outcome.message);
  const next = outcome.next === undefined ? undefined : open(outcome.next);
  const text = outcome.text === undefined ? undefined : open(outcome.text);
  const content = JSON.stringify(textOf(message, text, next));
  const structured = structuredOf(outcome.status, message, open(outcome.data), next);
  const refusal = isRefusal(outcome.status) ? ',"isError":true' : '';
  return `{"content":[{"type":"text","text":${content}}],"structuredContent":${structured}${refusal}}`;
}

function textOf(message: string, text: string | undefined, next: string | undefined): string {
  const tail = next === undefined ? '' : `\nNext: ${next}`;
  const body = text === undefined || text === '' ? message : `${message}\n${text}`;
  const room = budget - Buffer.byteLength(tail);
  const { kept, left } = fitText(body, room);
  return `${kept}${left === undefined ? '' : `\n${left}`}${tail}`;
}

function structuredOf(status: string, message: string, data: JsonObject, next: string | undefined): string {
  const { json, left } = fitJson(withoutOurs(data), budget);
  const said = JSON.stringify({ status, message, next, left });
  return json === '{}' ? said : `${said.slice(0, -1)},${json.slice(1)}`;
}

/** Data never stands for what the outcome itself says. */
function withoutOurs(data: JsonObject): JsonObject {
  if (!ours.some((key) => Object.hasOwn(data, key))) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !ours.includes(key)));
}

const ours: readonly string[] = ['status', 'message', 'next', 'left'];
