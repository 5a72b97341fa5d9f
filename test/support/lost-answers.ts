import { join } from 'node:path';
import { createFindingOut } from '../../src/compose/finding-out.ts';
import type { Approval } from '../../src/domain/approval.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { CountersignError } from '../../src/domain/errors.ts';
import { createGateRig, type GateOptions, type GateRig } from './gate.ts';

/** A gate whose next change is lost on its way to the API server, or whose answer is on its way back. */
export interface LostAnswers extends GateRig {
  /** Calls, is approved, and loses it. Gives the approval, which is then unknown. */
  lose(where: 'before' | 'after', tool: string, input: Parameters<GateRig['call']>[1]): Promise<Approval>;
  /** Calls what policy allows, and loses it. Gives the invocation. */
  loseUnasked(where: 'before' | 'after', tool: string, input: Parameters<GateRig['call']>[1]): Promise<string>;
  /** What a server that lives does every few seconds, `later` milliseconds from now. */
  findOut(later?: number): Promise<void>;
  /** While it is set, nothing can be read. */
  down: boolean;
}

export async function createLostAnswers(options: GateOptions = {}): Promise<LostAnswers> {
  let losing: 'before' | 'after' | undefined;
  const broken = { down: false };
  const lossy = async <T>(change: () => Promise<T>): Promise<T> => {
    if (losing === undefined) return change();
    if (losing === 'after') await change();
    losing = undefined;
    throw new CountersignError('Unknown', 'the socket was lost after the request was sent');
  };
  const around = (cluster: Cluster): Cluster => ({
    ...cluster,
    planning: (context) => {
      if (broken.down) throw new CountersignError('Unavailable', 'the cluster is down');
      return cluster.planning(context);
    },
    execution: (grant, context) => {
      const handle = cluster.execution(grant, context);
      return {
        logs: (request, onChunk) => handle.logs(request, onChunk),
        exec: (request, onFrame) => lossy(async () => handle.exec(request, onFrame)),
        send: async (request) => {
          const isRead = request.action === 'get' || request.action === 'list';
          return isRead ? handle.send(request) : lossy(() => handle.send(request));
        },
      };
    },
  });
  const rig = await createGateRig({ ...options, around });
  const findOut = createFindingOut({
    ...rig.ports,
    auditReader: rig.auditReader,
    process: rig.process,
    auditFolder: join(rig.root, 'audit'),
  });
  return {
    ...rig,
    set down(down: boolean) {
      broken.down = down;
    },
    get down() {
      return broken.down;
    },
    lose: async (where, tool, input) => {
      const { approval, answer } = await rig.hold(tool, input);
      losing = where;
      await rig.vote(approval.id);
      const { status } = await answer;
      if (status !== 'unknown') throw new Error(`it is ${status}`);
      return rig.approvals.read(approval.id);
    },
    loseUnasked: async (where, tool, input) => {
      losing = where;
      const { status, data } = await rig.call(tool, input);
      if (status !== 'unknown' || typeof data.audit !== 'string') throw new Error(`it is ${status}`);
      return data.audit;
    },
    findOut: async (later = 120_000) => {
      rig.clock.step(later);
      await findOut(new AbortController().signal);
    },
  };
}
