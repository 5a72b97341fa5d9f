import type { Json } from './json.ts';
import {
  asText,
  compose,
  elements,
  ident,
  join,
  jsonText,
  type Masked,
  pick,
  project,
  say,
  yamlText,
} from './masked.ts';
import { countOf, paging, tableText } from './masked-table.ts';
import type { GetRequest, ListRequest } from './request.ts';
import { resourceGroup } from './resource.ts';
import type { MaskedResponse, ToolAnswer, ToolCluster } from './tool-contract.ts';

/** How what was read is shown: the one thing of the input that `run` sees. */
export type ReadView = {
  readonly output: 'table' | 'wide' | 'name' | 'json' | 'yaml' | 'describe';
  readonly fields: readonly string[];
};

const shaped = (masked: Masked<Json>, view: ReadView): Masked<Json> =>
  view.fields.length === 0 ? masked : project(masked, view.fields);

/** One object, and its events where they were asked for. */
export async function showOne(
  cluster: ToolCluster,
  request: GetRequest,
  view: ReadView,
  events?: ListRequest,
): Promise<ToolAnswer> {
  const { type, namespace, name } = request.object;
  const response = await cluster.send(request);
  const label = ident([type.kind, [namespace, name].filter((part) => part !== undefined).join('/')].join(' '));
  const masked = response.masked;
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

const useByReference = say`No tool here shows masked values. Use them by reference (secretKeyRef). To change other fields leave the masked keys out; a placeholder in a manifest is refused.`;

/** One page of a list, with a cursor where there is more. */
export async function showList(cluster: ToolCluster, request: ListRequest, view: ReadView): Promise<ToolAnswer> {
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
      masked: response.masked.map(ident),
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

function listed(response: MaskedResponse, request: ListRequest, view: ReadView) {
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
