import { createInterface } from 'node:readline';
import { now, openServer, voter } from './approvals-rig.ts';

/** Another process on the same state directory: reads ids, one a line, votes, and says when it began to. */
export async function voteElsewhere(root: string): Promise<void> {
  const server = await openServer(root, false);
  const person = server.people.byId(voter);
  if (person === undefined) throw new Error('nobody votes');
  console.log('ready');
  for await (const id of createInterface({ input: process.stdin })) {
    const began = now();
    await server.approvals.vote(id, { person, decision: 'approve', comment: undefined, channel: 'terminal' });
    console.log(began);
  }
  await server.close();
}
