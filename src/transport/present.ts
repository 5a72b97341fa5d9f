import type { Json, JsonObject } from '../domain/json.ts';
import { open } from '../domain/masked.ts';
import { isRefusal, type Outcome } from '../domain/outcome.ts';
import { fitJson, fitText } from './fit.ts';

/** `CallToolResult` of MCP 2025-11-25. */
export interface CallToolResult {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
  readonly structuredContent: JsonObject;
  readonly isError?: true;
}

/** Bytes of one channel; the largest client limit that is known is 25k tokens. */
const budget = 32_000;

/**
 * Clients show a model either the text or the structured content, and not the same one: each carries everything. This is the
 * one place where an answer's seal is opened.
 */
export function present(outcome: Outcome): CallToolResult {
  const message = open(outcome.message);
  const next = outcome.next === undefined ? undefined : open(outcome.next);
  const data = open(outcome.data);
  const text = outcome.text === undefined ? undefined : open(outcome.text);
  return {
    content: [{ type: 'text', text: textOf(message, text, next) }],
    structuredContent: structuredOf(outcome.status, message, data, next),
    ...(isRefusal(outcome.status) ? { isError: true } : {}),
  };
}

function textOf(message: string, text: string | undefined, next: string | undefined): string {
  const tail = next === undefined ? '' : `\nNext: ${next}`;
  const body = text === undefined || text === '' ? message : `${message}\n${text}`;
  const room = budget - Buffer.byteLength(tail);
  const { kept, left } = fitText(body, room);
  return `${kept}${left === undefined ? '' : `\n${left}`}${tail}`;
}

function structuredOf(status: string, message: string, data: JsonObject, next: string | undefined): JsonObject {
  const { kept, left } = fitJson(data, budget);
  const said: { [key: string]: Json } = { status, message };
  if (next !== undefined) said.next = next;
  if (left !== undefined) said.left = left;
  return { ...said, ...kept, ...said };
}
