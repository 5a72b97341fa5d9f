import { z } from 'zod';
import { checkName, checkNamespace, defineTool, fields, resultShape } from '../src/domain/tool.ts';

export default defineTool({
  name: 'scale',
  title: 'Scale a workload',
  description:
    'Set the replicas of a Deployment, StatefulSet, ReplicaSet or any kind with a scale subresource. Usually waits for a person.',
  access: { verb: 'patch', subresource: 'scale', mutates: true, destructive: true, idempotent: true },
  input: z.strictObject({
    resource: fields.resource,
    name: fields.name,
    namespace: fields.namespace,
    replicas: z.int().min(0).max(10_000),
    currentReplicas: z.int().min(0).max(10_000).optional().describe('Refuse if it has another number now'),
    dryRun: fields.dryRun,
    reason: fields.reason,
  }),
  output: z.looseObject(resultShape),
  targets: ({ name, namespace }, defaultNamespace) => [
    {
      resourceGroup: undefined,
      access: { verb: 'patch', subresource: 'scale' },
      namespace: namespace ?? defaultNamespace,
      name,
    },
  ],
  plan: async ({ resource, name, namespace, replicas, currentReplicas }, planning) => {
    const type = await planning.resolve(resource);
    const where = type.namespaced ? checkNamespace(namespace ?? planning.defaultNamespace) : undefined;
    const object = { type, namespace: where, name: checkName(name) };
    const expected = currentReplicas === undefined ? {} : { currentReplicas };
    return { requests: [{ action: 'scale', object, replicas, ...expected }] };
  },
  run: (plan, cluster) => cluster.sendAll(plan),
});
