import type { JsonObject } from '../../domain/json.ts';
import { stringAt } from '../../domain/json.ts';
import type { McpClient, ToolResult } from '../../transport/client.ts';
import type { Person } from './person.ts';
import type { Stage } from './stage.ts';

export interface Cast {
  readonly agent: McpClient;
  readonly person: Person;
  readonly stage: Stage;
  readonly asked: boolean;
}

/** What the sandbox's Secret holds, in plain and as the API has it: it must never be seen. */
const password = 'sandbox-only-T4ble-Lamp-91';
const hidden = [password, Buffer.from(password).toString('base64')];

const newImage = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: web
          image: registry.example/web:1.4.2
`;

/** Returns whether everything was as it must be. */
export async function runAct(cast: Cast): Promise<boolean> {
  const { agent, stage, asked } = cast;
  stage.says(
    'demo',
    `Countersign ${agent.serverVersion} with its sandbox: an in-memory Kubernetes, not a real cluster.`,
  );
  stage.says(
    'demo',
    asked
      ? 'You are the person who countersigns.'
      : 'Nobody is at a terminal: the person is scripted, through `countersign approvals`.',
  );
  stage.says('agent', `connected over stdio; tools: ${(await agent.tools()).join(', ')}`);
  await readSecret(cast);
  await readLog(cast);
  await changeImage(cast);
  await deleteService(cast);
  await showAudit(cast);
  return stage.good;
}

async function readSecret({ agent, stage }: Cast): Promise<void> {
  stage.act('The agent reads a Secret, and sees it masked');
  const result = await call(agent, stage, 'get', {
    resource: 'secrets',
    name: 'db',
    namespace: 'shop',
    output: 'yaml',
  });
  stage.answers(result.structured.status, result.text);
  const seen = JSON.stringify(result.structured) + result.text;
  stage.check(
    'the answer names the Secret and holds none of its values',
    seen.includes('db') && !hidden.some((value) => seen.includes(value)),
  );
}

async function readLog({ agent, stage }: Cast): Promise<void> {
  stage.act('The agent reads a log, in which a program printed that Secret');
  const result = await call(agent, stage, 'logs', { name: 'deploy/web', namespace: 'shop', tail: 10, grep: 'debug' });
  stage.answers(result.structured.status, result.text);
  const seen = JSON.stringify(result.structured) + result.text;
  stage.check(
    'the line is there, with a placeholder where the value was',
    seen.includes('connecting to the database') && seen.includes('[masked Secret db/password]'),
  );
  stage.check('the value is not', !hidden.some((value) => seen.includes(value)));
}

async function changeImage({ agent, person, stage, asked }: Cast): Promise<void> {
  stage.act('The agent changes an image; a person countersigns');
  const input = {
    manifest: newImage,
    reason: 'Version 1.4.2 fixes the checkout error that customers report',
  };
  const { result, decision } = await heldCall(agent, person, stage, 'apply', input, {
    decision: 'approve',
    comment: 'ok, canary looked fine',
  });
  stage.answers(result.structured.status, result.text);
  const live = await agent.call('get', {
    resource: 'deployments',
    name: 'web',
    namespace: 'shop',
    fields: ['spec.template.spec.containers'],
    output: 'yaml',
  });
  const image = /image: (\S+)/.exec(live.text)?.[1] ?? 'not found';
  stage.says('agent', `the image is now ${image}`);
  if (decision === 'approve')
    stage.check('what was approved is what ran', result.structured.status === 'executed' && image.endsWith(':1.4.2'));
  else
    stage.check(
      `you denied it${asked ? '' : ' in the script'}: nothing changed`,
      result.structured.status === 'denied' && image.endsWith(':1.4.1'),
    );
}

async function deleteService({ agent, person, stage }: Cast): Promise<void> {
  stage.act('The agent deletes a Service; a person denies it, with a comment');
  const input = { resource: 'services', name: 'web', namespace: 'shop', reason: 'It looks unused' };
  const script = { decision: 'deny', comment: 'Not during the sale. Ask again after 18:00.' } as const;
  const { result, decision } = await heldCall(agent, person, stage, 'delete', input, script);
  stage.answers(result.structured.status, result.text);
  const after = await agent.call('get', { resource: 'services', name: 'web', namespace: 'shop' });
  const there = after.structured.status === 'ok';
  stage.says('agent', there ? 'the Service is still there' : 'the Service is gone');
  if (decision === 'deny')
    stage.check(
      'a denied delete deleted nothing, and the agent has the comment',
      there && result.structured.status === 'denied',
    );
  else stage.check('you approved it: the Service is gone', !there && result.structured.status === 'executed');
}

async function showAudit({ person, stage }: Cast): Promise<void> {
  stage.act('The audit log, and its proof');
  stage.says('person', '$ countersign audit tail');
  const log = await person.run('audit', 'tail');
  stage.shows(clipped(log.output), 60);
  stage.says('person', '$ countersign audit verify');
  const proof = await person.run('audit', 'verify');
  stage.shows(proof.output);
  stage.check('every line and every link is as it was written', proof.code === 0);
  stage.check('no secret value stands in the log', !hidden.some((value) => log.output.includes(value)));
}

/** The line's beginning tells the story; the file has the rest. */
const clipped = (text: string): string => text.replace(/^(.{170}).+$/gm, '$1…');

/** Calls, waits until the server says that it waits for a person, and lets the person decide. */
async function heldCall(
  agent: McpClient,
  person: Person,
  stage: Stage,
  tool: string,
  input: JsonObject,
  script: { readonly decision: 'approve' | 'deny'; readonly comment: string },
): Promise<{ readonly result: ToolResult; readonly decision: 'approve' | 'deny' | undefined }> {
  let held = (_id: string): void => {};
  const waiting = new Promise<string>((resolve) => {
    held = resolve;
  });
  const running = call(agent, stage, tool, input, (note) => {
    const id = /\bcs-[0-9a-z]{6}\b/.exec(note)?.[0];
    if (id !== undefined) held(id);
  });
  const first = await Promise.race([waiting, running]);
  if (typeof first !== 'string') return { result: first, decision: undefined };
  stage.says('server', `holds the call: nothing runs before a person has decided (${first})`);
  const decision = await person.decide(first, script);
  return { result: await outlasting(agent, stage, first, await running), decision };
}

/** Who decided so late that the server had answered already: the agent goes on by the id, as it was told. */
async function outlasting(agent: McpClient, stage: Stage, id: string, result: ToolResult): Promise<ToolResult> {
  if (result.structured.status !== 'approval_pending') return result;
  return outlasting(agent, stage, id, await call(agent, stage, 'approval', { id }));
}

async function call(
  agent: McpClient,
  stage: Stage,
  tool: string,
  input: JsonObject,
  onProgress?: (note: string) => void,
): Promise<ToolResult> {
  const { manifest: _, ...shown } = input;
  stage.says('agent', `calls ${tool} ${JSON.stringify(shown)}`);
  const manifest = stringAt(input, 'manifest');
  if (manifest !== undefined) stage.shows(manifest);
  return agent.call(tool, input, onProgress ?? (() => {}));
}
