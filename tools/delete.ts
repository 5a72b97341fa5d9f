import { z } from 'zod';
import {
  CountersignError,
  checkName,
  checkNamespace,
  defineTool,
  fields,
  invalid,
  resultShape,
  stringAt,
} from '../src/domain/tool.ts';

const most = 500;
const policies = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;

export default defineTool({
  name: 'delete',
  title: 'Delete objects',
  description:
    'Delete one object by name, or those that a label selector names. Says what goes with it. Usually waits for a person.',
  access: { verb: 'delete', mutates: true, destructive: true, idempotent: true },
  input: z.strictObject({
    resource: fields.resource,
    name: fields.name.optional(),
    selector: z.string().min(1).max(1_000).optional().describe('Label selector, instead of a name: app=web'),
    namespace: fields.namespace,
    cascade: z.enum(['background', 'foreground', 'orphan']).default('background'),
    gracePeriod: z.int().min(0).max(3_600).optional().describe('Seconds'),
    dryRun: fields.dryRun,
    reason: fields.reason,
  }),
  output: z.looseObject(resultShape),
  targets: ({ name, namespace }, defaultNamespace) => [
    {
      resourceGroup: undefined,
      access: { verb: 'delete' },
      namespace: namespace ?? defaultNamespace,
      ...(name === undefined ? {} : { name }),
    },
  ],
  plan: async ({ resource, name, selector, namespace, cascade, gracePeriod }, planning) => {
    if ((name === undefined) === (selector === undefined))
      throw invalid('Give either name or selector', 'one of the two says what to delete');
    const type = await planning.resolve(resource);
    const where = type.namespaced ? checkNamespace(namespace ?? planning.defaultNamespace) : undefined;
    const names = name === undefined ? await selected() : [checkName(name)];
    const grace = gracePeriod === undefined ? {} : { gracePeriodSeconds: gracePeriod };
    return {
      requests: names.map((each) => ({
        action: 'delete' as const,
        object: { type, namespace: where, name: each },
        propagationPolicy: policies[cascade],
        ...grace,
      })),
    };

    // A selector means the objects that it names now: those are approved, by name and uid, and nothing that comes later.
    async function selected(): Promise<readonly string[]> {
      if (planning.pinned !== undefined) return planning.pinned.map((pin) => pin.name);
      const list = await planning.listMetadata({ type, namespace: where, labelSelector: selector ?? '', limit: most });
      if (list.more)
        throw invalid(`The selector names more than ${most} objects`, 'narrow it, or delete in several calls');
      if (list.items.length === 0)
        throw new CountersignError('NotFound', `No ${type.resource} with ${selector} there`, {
          hint: 'look with get and the same selector',
        });
      return list.items.flatMap((item) => stringAt(item, 'metadata', 'name') ?? []);
    }
  },
  run: (plan, cluster) => cluster.sendAll(plan),
});
