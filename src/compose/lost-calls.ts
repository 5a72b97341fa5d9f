import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LostCall, lostCalls, processesIn } from '../audit/lost-calls.ts';
import type { AuditLog } from '../domain/audit-event.ts';
import type { Log } from '../domain/environment.ts';
import { listAt, stringAt } from '../domain/json.ts';
import { ident } from '../domain/masked.ts';
import type { State } from '../domain/state.ts';
import type { AnyTool } from '../domain/tool.ts';

export interface LostCallParts {
  readonly audit: AuditLog;
  /** `<state>/audit` */
  readonly auditFolder: string;
  readonly state: State;
  readonly tools: readonly AnyTool[];
  readonly log: Log;
}

/**
 * A line for every call that a dead process left without one, so that each call has an end in the log. Two servers that start at
 * once may both write it, which says the same twice; none is left out. Never rejects.
 */
export async function tellLostCalls(parts: LostCallParts, signal: AbortSignal): Promise<void> {
  const { audit, auditFolder, state, log } = parts;
  try {
    const told = await state.folder('lost-calls');
    const before = await readdir(told);
    const isDone = async (process: string): Promise<boolean> => {
      const known = access(join(told, process)).then(
        () => true,
        () => false,
      );
      return (await known) || state.isAlive(process);
    };
    for await (const { process, served, calls } of lostCalls(auditFolder, isDone)) {
      if (signal.aborted) return;
      for (const call of calls) {
        await audit.append(lineOf(parts, process, call));
        log.warn('a call has no outcome: its process died', { invocation: call.invocation, process });
      }
      if (served) await state.createExclusive(join(told, process), '');
    }
    await forgetArchived(told, before, auditFolder);
  } catch (thrown) {
    log.error('calls of dead processes could not be looked for', { cause: String(thrown) });
  }
}

/** A name is needed as long as there are files of its process, which are older than it: names were read before the files are. */
async function forgetArchived(told: string, names: readonly string[], auditFolder: string): Promise<void> {
  if (names.length === 0) return;
  const here = processesIn(auditFolder);
  for (const name of names) if (!here.has(name)) await rm(join(told, name), { force: true });
}

function lineOf({ tools, state }: LostCallParts, process: string, { invocation, authorized, line }: LostCall) {
  const tool = tools.find(({ name }) => name === line.tool);
  const isRead = tool?.kind === 'tool' && !tool.access.mutates;
  // What changes something is authorized on disk before it is sent; a read may have been answered.
  const unsent = !isRead && !authorized;
  const text = (key: string) => {
    const value = stringAt(line, key);
    return value === undefined ? {} : { [key]: ident(value) };
  };
  const list = (key: string) =>
    line[key] === undefined ? {} : { [key]: listAt(line, key).map((each) => ident(String(each))) };
  return {
    type: 'Reconciled' as const,
    invocation,
    fields: {
      ...{ ...text('tool'), ...text('principal'), ...text('actingFor'), ...text('cluster'), ...list('objects') },
      ...{ ...text('approval'), ...text('planDigest'), ...list('manifestDigests') },
      state: ident(unsent ? 'failed' : 'unknown'),
      by: ident(state.process),
      comment: ident(`process ${process} died ${unsent ? beforeSending : isRead ? inRead : afterAuthorized}`),
    },
  };
}

const beforeSending = 'before this call was authorized: it changed nothing. An approval that it asked for goes on';
const afterAuthorized =
  'after this call was authorized, and its outcome is not written: read the objects that it names';
const inRead = 'and the outcome of this read is not written';
