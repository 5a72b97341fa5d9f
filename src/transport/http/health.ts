import type { ServerResponse } from 'node:http';
import type { HttpRoute } from '../../domain/http-route.ts';
import type { IsOperator } from './operators.ts';

/** One part that must work for calls to go through; without secrets, without names of the cluster. */
export interface Part {
  readonly name: string;
  /** Undefined: it is ready; else what is wrong, in our own words. Answers soon; what throws is not ready. */
  check(): Promise<string | undefined> | string | undefined;
}

/**
 * `/healthz` says that the process answers, `/readyz` whether calls would go through, and to operators which parts keep them
 * from it.
 */
export const healthRoutes = (
  parts: readonly Part[],
  stopping: () => boolean,
  isOperator: IsOperator,
): readonly HttpRoute[] => [
  {
    method: 'GET',
    path: '/healthz',
    maxBytes: 0,
    handle: async (_request, _body, response) => answer(response, 200, { status: 'ok' }),
  },
  {
    method: 'GET',
    path: '/readyz',
    maxBytes: 0,
    handle: async (request, _body, response) => {
      const checked = await Promise.all(parts.map(async (part) => [part.name, await stateOf(part)] as const));
      const all = [...checked, ['stopping', stopping() ? 'the server is stopping' : undefined] as const];
      const faults = Object.fromEntries(all.filter(([, fault]) => fault !== undefined));
      const ready = Object.keys(faults).length === 0;
      const inside = isOperator(request) ? { parts: parts.map(({ name }) => name), notReady: faults } : {};
      answer(response, ready ? 200 : 503, { ready, ...inside });
    },
  },
];

async function stateOf(part: Part): Promise<string | undefined> {
  try {
    return await part.check();
  } catch {
    return 'it could not be asked';
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
