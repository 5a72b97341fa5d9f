import type { Caller } from '../../domain/identity.ts';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { clientNamed } from '../calls.ts';
import { isLegacy, newestLegacy } from './revisions.ts';
import type { McpService } from './service.ts';
import type { HttpSession, SessionTable } from './session-table.ts';

/** The revision of a session: what the client asked for if it is spoken here, else our newest that begins with `initialize`. */
export const revisionAsked = ({ protocolVersion }: JsonObject): string =>
  typeof protocolVersion === 'string' && isLegacy(protocolVersion) ? protocolVersion : newestLegacy;

const made = new WeakMap<McpService, Map<string, string>>();

/** The answer to `initialize`, as JSON text; the same for every session of a revision. */
export function initializeResult(service: McpService, revision: string): string {
  const known = made.get(service) ?? new Map<string, string>();
  made.set(service, known);
  const result =
    known.get(revision) ??
    JSON.stringify({
      protocolVersion: revision,
      capabilities: service.capabilities(revision),
      serverInfo: service.serverInfo,
      instructions: service.instructions,
    });
  known.set(revision, result);
  return result;
}

/** A session of the caller, with what the client says of itself. @throws what `Sessions.open` throws */
export function openSession(
  table: SessionTable,
  caller: Caller,
  params: JsonObject,
  transport: 'http' | 'sse',
): Promise<HttpSession> {
  const info = isJsonObject(params.clientInfo) ? params.clientInfo : {};
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value.slice(0, 128) : undefined);
  return table.open(
    { principal: caller.principal, client: clientNamed(text(info.name), text(info.version)), transport },
    { revision: revisionAsked(params), caller },
  );
}
