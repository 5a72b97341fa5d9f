import { readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/environment.ts';
import { isJsonObject, type Json, listAt, stringAt } from '../domain/json.ts';
import { type DueRun, type OpenRun, type OpenRuns, onTheWay, requestTimeout } from '../domain/open-run.ts';
import type { State } from '../domain/state.ts';

/** `<process>.<invocation>.<open | lost | died>`: whose it is, and what is known of its end. */
const nameForm = /^([0-9a-z]+)\.([0-9A-Za-z]+)\.(open|lost|died)$/;

interface Name {
  readonly process: string;
  readonly invocation: string;
  readonly how: 'open' | 'lost' | 'died';
}

const textOf = ({ process, invocation, how }: Name): string => `${process}.${invocation}.${how}`;

/**
 * One sealed file a run, in a folder of the state directory. Who renames it has it: of several processes that find one of a
 * dead process only one does.
 */
export function createOpenRuns(state: State, clock: Clock): OpenRuns {
  const folder = (): Promise<string> => state.folder('runs');
  const path = async (name: Name): Promise<string> => join(await folder(), textOf(name));
  const purpose = (invocation: string): string => `open-run:${invocation}`;
  /** When this process saw first that it is over: its own clock says how long ago. */
  const over = new Map<string, number>();
  const own = (invocation: string, how: Name['how']): Name => ({ process: state.process, invocation, how });

  const move = async (from: Name, to: Name): Promise<boolean> => {
    try {
      await rename(await path(from), await path(to));
      return true;
    } catch (thrown) {
      if (isGone(thrown)) return false;
      throw thrown;
    }
  };
  const taken = async (name: Name): Promise<Name | undefined> => {
    if (name.process === state.process) return name.how === 'open' ? undefined : name;
    if (await state.isAlive(name.process)) return undefined;
    const mine = own(name.invocation, name.how === 'open' ? 'died' : name.how);
    return (await move(name, mine)) ? mine : undefined;
  };
  const read = async (name: Name): Promise<DueRun | undefined> => {
    const { invocation, how } = name;
    try {
      const run = runOf(invocation, state.unseal(await readFile(await path(name), 'utf8'), purpose(invocation)));
      return run && { ...run, died: how === 'died' };
    } catch {
      // A failure of power tore it, or its key is gone: nothing can be found out by it.
      return undefined;
    }
  };
  const forget = async (invocation: string): Promise<void> => {
    over.delete(invocation);
    for (const how of ['open', 'lost', 'died'] as const) {
      const gone = await unlink(await path(own(invocation, how))).then(
        () => true,
        () => false,
      );
      if (gone) return;
    }
  };
  return {
    begin: async (run) => {
      const { invocation, ...rest } = run;
      const sealed = state.seal(JSON.stringify(rest), purpose(invocation));
      await state.mark(await path(own(invocation, 'open')), sealed);
    },
    end: async (invocation, how) => {
      if (how === 'known') return forget(invocation);
      over.set(invocation, clock.now());
      await move(own(invocation, 'open'), own(invocation, 'lost'));
    },
    due: async () => {
      const found: DueRun[] = [];
      for (const each of await readdir(await folder())) {
        const name = nameOf(each);
        const mine = name && (await taken(name));
        if (mine === undefined) continue;
        const since = over.get(mine.invocation) ?? clock.now();
        over.set(mine.invocation, since);
        if (clock.now() < since + requestTimeout + onTheWay) continue;
        const run = await read(mine);
        if (run === undefined) await forget(mine.invocation);
        else found.push(run);
      }
      return found;
    },
  };
}

function nameOf(text: string): Name | undefined {
  const [, process, invocation, how] = nameForm.exec(text) ?? [];
  if (process === undefined || invocation === undefined) return undefined;
  return how === 'open' || how === 'lost' || how === 'died' ? { process, invocation, how } : undefined;
}

function runOf(invocation: string, text: string): OpenRun | undefined {
  const json: Json = JSON.parse(text);
  if (!isJsonObject(json) || json.sent === undefined) return undefined;
  const { sent, cluster } = json;
  const identity = {
    name: stringAt(cluster, 'name') ?? '',
    uid: stringAt(cluster, 'uid') ?? '',
    caDigest: stringAt(cluster, 'caDigest') ?? '',
  };
  const objects = listAt(json, 'objects').map(String);
  return { invocation, tool: stringAt(json, 'tool') ?? '', cluster: identity, objects, sent };
}

const isGone = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
