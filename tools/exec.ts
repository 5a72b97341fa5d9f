import { z } from 'zod';
import { checkName, checkNamespace, defineTool, fields, resultShape } from '../src/domain/tool.ts';

export default defineTool({
  name: 'exec',
  title: 'Run a program in a container',
  description:
    'Run a program in a running container and return its output. Argument list, no shell, no TTY. Recorded, masked; usually waits.',
  access: { verb: 'create', subresource: 'exec', mutates: true, destructive: true, idempotent: false },
  input: z.strictObject({
    pod: fields.name,
    namespace: fields.namespace,
    container: z.string().min(1).max(63).optional(),
    command: z.array(z.string().max(8_192)).min(1).max(100).describe('["ls","-l","/tmp"]'),
    stdin: z.string().max(100_000).optional(),
    timeout: z.int().min(1).max(600).default(30).describe('Seconds'),
    reason: fields.reason,
    dryRun: fields.dryRun,
  }),
  output: z.looseObject(resultShape),
  targets: ({ pod, namespace }, defaultNamespace) => [
    {
      resourceGroup: 'pods',
      access: { verb: 'create', subresource: 'exec' },
      namespace: namespace ?? defaultNamespace,
      name: pod,
    },
  ],
  plan: async ({ pod, namespace, container, command, stdin, timeout }, planning) => {
    const type = await planning.resolveKind('v1', 'Pod');
    const object = {
      type,
      namespace: checkNamespace(namespace ?? planning.defaultNamespace),
      name: checkName(pod, 'pod'),
    };
    const chosen = container === undefined ? {} : { container };
    const input = stdin === undefined ? {} : { stdin };
    return { requests: [{ action: 'exec', object, command, timeoutSeconds: timeout, ...chosen, ...input }] };
  },
  run: (plan, cluster) => cluster.sendAll(plan),
});
