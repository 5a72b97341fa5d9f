/** A process of its own that shares a state directory: reads commands from stdin, one a line, and answers one line each. */
import { createInterface } from 'node:readline';
import { approvalConfigSchema } from '../../src/approval/config.ts';
import { createApprovals } from '../../src/approval/service.ts';
import { toCountersignError } from '../../src/domain/errors.ts';
import { openState } from '../../src/state/state.ts';
import { ballot, echoing, oneOfSre, people, realRandom, silent } from './approvals.ts';
import { createAuditFake } from './audit-fake.ts';

const [root = '', auditFile = ''] = process.argv.slice(2);
const clock = { now: () => Date.now() };
const state = await openState({ root, clock, random: realRandom, log: silent });
const audit = createAuditFake(auditFile);
const deps = { state, clock, random: realRandom, audit, auditReader: audit, people, channels: [], masker: echoing };
const limits = approvalConfigSchema.parse({});
const approvals = createApprovals({ ...deps, limits, log: silent });

/** Ends this process as `kill -9` does, right after the name `end` was linked. */
const dyingAtTheEnd = createApprovals({
  ...deps,
  limits,
  log: silent,
  state: {
    ...state,
    createExclusive: async (path, content) => {
      const made = await state.createExclusive(path, content);
      if (path.endsWith('end')) process.kill(process.pid, 'SIGKILL');
      return made;
    },
  },
});

async function answer(command: string, id: string): Promise<string> {
  if (command === 'claim') return (await approvals.claim(id, oneOfSre)).state;
  if (command === 'vote') return (await approvals.vote(id, ballot('ana'))).state;
  if (command === 'die') return (await dyingAtTheEnd.claim(id, oneOfSre)).state;
  return state.process;
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [command = '', id = ''] = line.split(' ');
  console.log(await answer(command, id).catch((thrown: unknown) => toCountersignError(thrown).code));
}
await state.close();
