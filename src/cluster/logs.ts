import type { LogsEnd } from '../domain/cluster.ts';
import type { LogsRequest } from '../domain/request.ts';
import { objectLabel } from '../domain/resource.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';
import { objectPath, query } from './paths.ts';

const limits = { silenceMs: 10_000, wholeMs: 30_000 };

/** Always with times, so that the lines of several pods can be put in order. Never followed: an answer has an end. */
export async function readLogs(api: Api, request: LogsRequest, onChunk: (bytes: Uint8Array) => void): Promise<LogsEnd> {
  const path =
    objectPath(request.object, 'log') +
    query({
      container: request.container,
      tailLines: String(request.tailLines),
      timestamps: 'true',
      previous: request.previous ? 'true' : undefined,
      sinceSeconds: request.sinceSeconds === undefined ? undefined : String(request.sinceSeconds),
    });
  const what = `read the log of ${objectLabel(request.object)}`;
  const { cut } = await api.stream({ method: 'GET', path, accept: accept.log, mutates: false, what }, limits, onChunk);
  return { cut };
}
