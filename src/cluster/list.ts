import type { MetadataList, MetadataQuery } from '../domain/cluster.ts';
import { CountersignError } from '../domain/errors.ts';
import { type JsonObject, listAt, numberAt } from '../domain/json.ts';
import type { ListRequest } from '../domain/request.ts';
import type { Api, ApiAnswer } from './api.ts';
import { continueToken, listCall, tidyMetadata, tidyTable } from './reads.ts';

const pageSize = 1_000;

/** One page. An expired page goes on with the token that the server offers instead, and says so in a warning. */
export async function listPage(api: Api, request: ListRequest): Promise<ApiAnswer> {
  const answer = await pageOrLater(api, request);
  if (request.representation === 'table') return { ...answer, body: tidyTable(answer.body) };
  return answer;
}

async function pageOrLater(api: Api, request: ListRequest): Promise<ApiAnswer> {
  try {
    return await api.call(listCall(request));
  } catch (error) {
    const later = error instanceof CountersignError ? error.data.continue : undefined;
    if (request.continue === undefined || typeof later !== 'string') throw error;
    const answer = await api.call(listCall({ ...request, continue: later }));
    const words =
      'the list changed between two pages: this page is newer than the earlier ones, and may miss or repeat some';
    return { ...answer, warnings: [...answer.warnings, words] };
  }
}

/** Up to `limit` objects as metadata, page by page. */
export async function listMetadata(api: Api, wanted: MetadataQuery): Promise<MetadataList> {
  const items: JsonObject[] = [];
  let next: string | undefined;
  for (;;) {
    const limit = Math.min(pageSize, wanted.limit - items.length);
    const { body } = await listPage(api, {
      action: 'list',
      ...wanted,
      limit,
      representation: 'metadata',
      ...(next === undefined ? {} : { continue: next }),
    });
    items.push(...listAt(body, 'items').map(tidyMetadata));
    next = continueToken(body);
    if (next === undefined) return { items, more: false, total: items.length };
    if (items.length < wanted.limit) continue;
    const remaining = numberAt(body, 'metadata', 'remainingItemCount');
    return { items, more: true, total: remaining === undefined ? undefined : items.length + remaining };
  }
}
