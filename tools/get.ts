import { z } from 'zod';
import {
  asText,
  checkName,
  checkNamespace,
  compose,
  countOf,
  defineTool,
  elements,
  fields,
  ident,
  invalid,
  type Json,
  join,
  jsonText,
  type ListRequest,
  type Masked,
  type MaskedResponse,
  omit,
  type Plan,
  paging,
  pick,
  project,
  type ResourceType,
  resourceGroup,
  resultShape,
  say,
  type ToolAnswer,
  type ToolCluster,
  tableText,
  yamlText,
} from '../src/domain/tool.ts';

type Output = 'table' | 'wide' | 'name' | 'json' | 'yaml' | 'describe';
/** How the answer is shown: the one thing of the input that `run` sees. */
type View = { readonly output: Output; readonly fields: readonly string[] };

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
    const view: View = { output, fields: input.fields };
    if (input.continue !== undefined) {
      const { request, view: kept } = planning.cursor(input.continue);
      return { requests: [request], view: kept as View };
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
  run: (plan, cluster, view) => {
    const [first, second] = plan.requests;
    if (first?.action === 'list') return showList(cluster, first, view);
    if (first?.action !== 'get') throw invalid('Nothing to read');
    return showOne(plan, cluster, view, second?.action === 'list' ? second : undefined);
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
  output: Output,
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

async function eventsOf(
  object: { readonly type: ResourceType; readonly namespace: string | undefined; readonly name: string },
  event: Promise<ResourceType>,
): Promise<ListRequest> {
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

/** An object as people want it: without what the server keeps for itself. */
const plain = (masked: Masked<Json>): Masked<Json> =>
  omit(
    masked,
    ['metadata', 'managedFields'],
    ['metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration'],
  );

const shaped = (masked: Masked<Json>, view: View): Masked<Json> =>
  view.fields.length === 0 ? plain(masked) : project(plain(masked), view.fields);

async function showOne(
  plan: Plan,
  cluster: ToolCluster,
  view: View,
  events: ListRequest | undefined,
): Promise<ToolAnswer> {
  const [request] = plan.requests;
  if (request?.action !== 'get') throw invalid('Nothing to read');
  const { type, namespace, name } = request.object;
  const response = await cluster.send(request);
  const label = ident([type.kind, [namespace, name].filter((part) => part !== undefined).join('/')].join(' '));
  const masked = maskedPaths(response);
  const message = say`${label}, cluster ${ident(cluster.name)}${hidden(masked)}.`;
  if (request.representation === 'table') {
    const table = tableText(response.body, { wide: view.output === 'wide', namespaces: false });
    return { message, data: compose({ table }), text: table };
  }
  const object = shaped(response.body, view);
  const text = view.output === 'json' ? jsonText(object) : yamlText(object);
  const data = { masked: masked.map(ident), ...(view.output === 'json' ? { objects: [object] } : { yaml: text }) };
  const next = masked.length === 0 ? {} : { next: useByReference };
  if (events === undefined) return { message, ...next, data: compose(data), text };
  const listed = await cluster.send(events);
  const table = tableText(listed.body, { wide: false, namespaces: false });
  return {
    message,
    ...next,
    data: compose({ ...data, events: table }),
    text: join([text, say`Events:`, table], say`\n`),
  };
}

const hidden = (paths: readonly string[]): Masked<string> =>
  paths.length === 0
    ? say``
    : say`: ${paths.length} ${ident(paths.length === 1 ? 'value' : 'values')} masked; keys, type and labels are real`;

/** What was hidden in what is shown; `plain` leaves the rest out. */
const maskedPaths = (response: MaskedResponse): readonly string[] =>
  response.masked.filter((path) => !path.includes('last-applied-configuration') && !path.includes('managedFields'));

const useByReference = say`No tool here shows masked values. Use them by reference (secretKeyRef). To change other fields leave the masked keys out; a placeholder in a manifest is refused.`;

async function showList(cluster: ToolCluster, request: ListRequest, view: View): Promise<ToolAnswer> {
  const response = await cluster.send(request);
  const shown = countOf(response.body);
  const { token, remaining } = paging(response.body);
  const where = request.type.namespaced ? say`, ${place(request)}` : say``;
  const more =
    token === undefined ? say`` : remaining === undefined ? say`, more to come` : say`, about ${remaining} more`;
  const message = say`${ident(resourceGroup(request.type))}${where}, cluster ${ident(cluster.name)}: ${shown} shown${more}.${await emptiness(cluster, request, shown)}`;
  const cursor = token === undefined ? undefined : cluster.keepCursor(request, token, view);
  const next =
    cursor === undefined
      ? undefined
      : say`Narrow it (namespace, selector, fieldSelector), or the next page with "resource":"${ident(resourceGroup(request.type))}","continue":"${ident(cursor)}" (good for 5 min).`;
  const { data, text } = listed(response, request, view);
  return {
    message,
    ...(next === undefined ? {} : { next }),
    data: compose({
      ...data,
      shown,
      remaining,
      continue: cursor === undefined ? undefined : ident(cursor),
      masked: maskedPaths(response).map(ident),
      warnings: response.warnings.length === 0 ? undefined : response.warnings,
    }),
    text: join([text, ...response.warnings.map((warning) => say`Warning: ${warning}`)], say`\n`),
  };
}

const place = (request: ListRequest): Masked<string> =>
  request.namespace === undefined ? say`all namespaces` : say`namespace ${ident(request.namespace)}`;

/** The API answers an empty list for a namespace that does not exist: that is said. */
async function emptiness(cluster: ToolCluster, request: ListRequest, shown: number): Promise<Masked<string>> {
  if (shown > 0 || request.namespace === undefined) return say``;
  return (await cluster.namespaceExists(request.namespace)) === false
    ? say` Namespace ${ident(request.namespace)} does not exist.`
    : say``;
}

function listed(response: MaskedResponse, request: ListRequest, view: View) {
  if (request.representation === 'table') {
    const namespaces = request.type.namespaced && request.namespace === undefined;
    const table = tableText(response.body, { wide: view.output === 'wide', namespaces });
    return { data: { table }, text: table };
  }
  const items = elements(pick(response.body, 'items') ?? response.body);
  if (request.representation === 'metadata') {
    const names = items.map((item) => {
      const namespace = pick(item, 'metadata', 'namespace');
      const name = pick(item, 'metadata', 'name') ?? say``;
      const before = request.namespace === undefined && namespace !== undefined ? say`${asText(namespace)}/` : say``;
      return say`${before}${asText(name)}`;
    });
    return { data: { names }, text: join(names, say`\n`) };
  }
  const objects = items.map((item) => shaped(item, view));
  const text = join(
    objects.map((object) => (view.output === 'json' ? jsonText(object) : yamlText(object))),
    view.output === 'json' ? say`\n` : say`---\n`,
  );
  return view.output === 'json' ? { data: { objects }, text } : { data: { yaml: text }, text };
}
