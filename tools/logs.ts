import { z } from 'zod';
import {
  checkName,
  checkNamespace,
  defineTool,
  fields,
  invalid,
  type LogsDraft,
  type LogView,
  podsOf,
  resultShape,
  showLogs,
} from '../src/domain/tool.ts';

const units = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const mostPods = 10;

export default defineTool({
  name: 'logs',
  title: 'Read logs',
  description:
    'Read the log of a pod, or of the pods of a workload (deploy/web), newest lines kept. Secret values come back masked.',
  access: { verb: 'get', subresource: 'log', mutates: false, destructive: false, idempotent: true },
  input: z.strictObject({
    name: fields.name.describe('A pod, or deploy/web'),
    namespace: fields.namespace,
    container: z.string().min(1).max(63).optional(),
    previous: z.boolean().default(false).describe('Of the run before'),
    tail: z.int().min(1).max(5_000).default(100).describe('Lines a pod'),
    since: z
      .string()
      .regex(/^[1-9]\d{0,5}[smhd]$/, 'a number and s, m, h or d, such as 10m')
      .optional()
      .describe('5s, 10m, 2h'),
    grep: z.string().max(200).default('').describe('Only lines with this text (no pattern)'),
    timestamps: z.boolean().default(false),
  }),
  output: z.looseObject(resultShape),
  targets: ({ name, namespace }, defaultNamespace) => [
    {
      resourceGroup: 'pods',
      access: { verb: 'get', subresource: 'log' },
      namespace: namespace ?? defaultNamespace,
      ...(name.includes('/') ? {} : { name }),
    },
  ],
  plan: async (input, planning) => {
    const namespace = checkNamespace(input.namespace ?? planning.defaultNamespace);
    const type = await planning.resolveKind('v1', 'Pod');
    const { names, more } = await podsOf(planning, type, namespace, whose(input.name), mostPods);
    const requests = names.map(
      (name): LogsDraft => ({
        action: 'logs',
        object: { type, namespace, name: checkName(name, 'pod') },
        previous: input.previous,
        tailLines: input.tail,
        oneOfSeveral: names.length > 1,
        ...(input.container === undefined ? {} : { container: input.container }),
        ...(input.since === undefined ? {} : { sinceSeconds: seconds(input.since) }),
      }),
    );
    const view: LogView = { asked: input.name, grep: input.grep, timestamps: input.timestamps, morePods: more };
    return { requests, view };
  },
  run: ({ requests }, cluster, view) =>
    showLogs(
      cluster,
      requests.flatMap((request) => (request.action === 'logs' ? [request] : [])),
      view,
    ),
});

/** `web-0`, `pod/web-0`, `deploy/web`. */
function whose(asked: string): { readonly resource: string | undefined; readonly name: string } {
  const [first = '', second, ...rest] = asked.split('/');
  if (rest.length > 0 || second === '') throw invalid(`${JSON.stringify(asked)} is no pod`, 'say web-0, or deploy/web');
  return second === undefined ? { resource: undefined, name: first } : { resource: first, name: second };
}

const seconds = (since: string): number => Number(since.slice(0, -1)) * units[since.slice(-1) as keyof typeof units];
