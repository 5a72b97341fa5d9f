import { z } from 'zod';
import {
  checkName,
  checkNamespace,
  defineTool,
  fields,
  invalid,
  type ListRequest,
  type ObjectRef,
  type ReadView,
  type ResourceType,
  resultShape,
  showList,
  showOne,
} from '../src/domain/tool.ts';

export default defineTool({
  name: 'get',
  title: 'Read Kubernetes objects',
  description:
    'Read Kubernetes objects like `kubectl get`, or `kubectl describe` with output=describe (adds events). Secret values come back masked.',
  access: { verb: 'get', mutates: false, destructive: false, idempotent: true },
  input: z.strictObject({
    resource: fields.resource,
    name: fields.name.optional(),
    namespace: fields.namespace,
    allNamespaces: z.boolean().default(false),
    selector: z.string().max(1_000).optional().describe('Label selector'),
    fieldSelector: z.string().max(1_000).optional(),
    output: z
      .enum(['table', 'wide', 'name', 'json', 'yaml', 'describe'])
      .optional()
      .describe('Omitted: json with a name, else table'),
    fields: z.array(z.string().min(1).max(200)).max(50).default([]).describe('Paths to keep, e.g. spec.replicas'),
    limit: z.int().min(1).max(500).default(50),
    continue: z.string().max(64).optional().describe('Cursor of the previous page'),
  }),
  output: z.looseObject(resultShape),
  targets: ({ name, namespace, allNamespaces }, defaultNamespace) => [
    {
      resourceGroup: undefined,
      access: { verb: name === undefined ? 'list' : 'get' },
      namespace: allNamespaces ? undefined : (namespace ?? defaultNamespace),
      ...(name === undefined ? {} : { name }),
    },
  ],
  plan: async (input, planning) => {
    const output = input.output ?? (input.name === undefined ? 'table' : 'json');
    const view: ReadView = { output, fields: input.fields };
    if (input.continue !== undefined) {
      const { request, view: kept } = planning.cursor(input.continue);
      return { requests: [request], view: kept as ReadView };
    }
    const type = await planning.resolve(input.resource);
    const namespace = placeOf(type, input.namespace, input.allNamespaces, planning.defaultNamespace);
    if (input.name === undefined) return { requests: [listOf(input, type, namespace, output)], view };
    if (input.allNamespaces) throw invalid('A name and allNamespaces do not go together', 'name the namespace');
    const object = { type, namespace, name: checkName(input.name) };
    const representation = output === 'table' || output === 'wide' ? ('table' as const) : ('object' as const);
    const read = { action: 'get' as const, object, representation };
    if (output !== 'describe') return { requests: [read], view };
    return { requests: [read, await eventsOf(object, planning.resolveKind('v1', 'Event'))], view };
  },
  run: ({ requests: [first, events] }, cluster, view) => {
    if (first?.action === 'list') return showList(cluster, first, view);
    if (first?.action === 'get') return showOne(cluster, first, view, events?.action === 'list' ? events : undefined);
    throw invalid('Nothing to read');
  },
});

function placeOf(type: ResourceType, asked: string | undefined, all: boolean, fallback: string): string | undefined {
  return !type.namespaced || all ? undefined : checkNamespace(asked ?? fallback);
}

function listOf(
  input: {
    readonly selector?: string | undefined;
    readonly fieldSelector?: string | undefined;
    readonly limit: number;
  },
  type: ResourceType,
  namespace: string | undefined,
  output: ReadView['output'],
): ListRequest {
  const representations = { table: 'table', wide: 'table', name: 'metadata', json: 'object', yaml: 'object' } as const;
  if (output === 'describe') throw invalid('describe takes one object', 'give its name, or use output=yaml');
  return {
    action: 'list',
    type,
    namespace,
    limit: input.limit,
    representation: representations[output],
    ...(input.selector === undefined ? {} : { labelSelector: input.selector }),
    ...(input.fieldSelector === undefined ? {} : { fieldSelector: input.fieldSelector }),
  };
}

async function eventsOf(object: ObjectRef, event: Promise<ResourceType>): Promise<ListRequest> {
  const fieldSelector = `involvedObject.name=${object.name},involvedObject.kind=${object.type.kind}`;
  return {
    action: 'list',
    type: await event,
    namespace: object.namespace ?? 'default',
    fieldSelector,
    limit: 50,
    representation: 'table',
  };
}
