import { declaredBy } from './declared.ts';
import { isJsonObject, type JsonObject, listAt, stringAt } from './json.ts';
import type { ResourceType } from './resource.ts';

/** The types that a CustomResourceDefinition makes, one a served version; none for any other document. */
export function definedBy(document: JsonObject): readonly ResourceType[] {
  if (document.kind !== 'CustomResourceDefinition') return [];
  const group = stringAt(document, 'spec', 'group') ?? '';
  const kind = stringAt(document, 'spec', 'names', 'kind') ?? '';
  const resource = stringAt(document, 'spec', 'names', 'plural') ?? '';
  return listAt(document, 'spec', 'versions')
    .filter(isJsonObject)
    .filter((version) => version.served === true)
    .map((version) => ({
      group,
      version: stringAt(version, 'name') ?? '',
      resource,
      kind,
      singular: stringAt(document, 'spec', 'names', 'singular') ?? kind.toLowerCase(),
      shortNames: [],
      namespaced: stringAt(document, 'spec', 'scope') === 'Namespaced',
      verbs: ['get', 'list', 'create', 'patch', 'delete'],
      subresources: [],
      servedBy: 'crd' as const,
      declared: declaredBy(document, stringAt(version, 'name') ?? ''),
    }));
}
