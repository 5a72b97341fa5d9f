import type { HttpContext } from './context.ts';
import { refusal, refuse } from './context.ts';
import { type ReplyTo, runExchange, scopeAllows } from './exchange.ts';
import { hear, legacyPeer, onLost, type Posted } from './posted.ts';
import { classify, type Message } from './rpc.ts';
import type { HttpSession } from './session-table.ts';

const mostMessages = 50;

/** Several messages in one POST, which only 2025-03-26 has: the answers come as one array when all are there. */
export async function answerBatch(
  context: HttpContext,
  posted: Posted,
  values: readonly unknown[],
  session: HttpSession | undefined,
): Promise<void> {
  // Each counts with all of them: a big one must not hide among small ones.
  const { response, caller, bytes } = posted;
  const peer = legacyPeer(posted, session);
  if (peer.revision !== '2025-03-26')
    return refuse(response, 400, refusal('Send one message a request: this revision has no batches'));
  const messages = values.map(classify).filter((message) => message !== undefined);
  if (messages.length !== values.length || values.length === 0 || values.length > mostMessages)
    return refuse(response, 400, refusal(`A batch has 1 to ${mostMessages} JSON-RPC 2.0 messages`));
  const ids = messages.flatMap((message) => (message.kind === 'request' ? [message.id] : []));
  if (new Set(ids).size < ids.length || ids.some((id) => session?.running?.has(id) === true))
    return refuse(response, 400, refusal('Two requests have one id: give each its own'));
  if (messages.some((message) => isHello(message))) return refuse(response, 400, refusal('initialize stands alone'));
  if (!messages.every((message) => scopeAllows(context, message, caller, response))) return;

  const requests = messages.filter((message) => message.kind === 'request');
  for (const message of messages) if (message.kind !== 'request') hear(context, session, message);
  if (requests.length === 0) {
    response.writeHead(202).end();
    return;
  }
  const answers: string[] = [];
  const running = requests.map((message) =>
    runExchange({ context, message, bytes, caller, peer, session, reply: collecting(answers) }),
  );
  onLost(response, () => {
    for (const { detach } of running) detach();
  });
  await Promise.all(running.map(({ ended }) => ended));
  if (!response.destroyed)
    response.writeHead(200, { 'content-type': 'application/json' }).end(`[${answers.join(',')}]`);
}

const isHello = (message: Message): boolean => message.kind === 'request' && message.method === 'initialize';

const collecting = (answers: string[]): ReplyTo => ({
  send: () => {},
  finish: (json) => void answers.push(json),
  cancelled: () => {},
  release: () => {},
  tick: () => {},
});
