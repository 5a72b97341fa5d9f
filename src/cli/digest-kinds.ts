import { declaredBy } from '../domain/declared.ts';
import { type JsonObject, stringAt } from '../domain/json.ts';
import type { ResourceType } from '../domain/resource.ts';

/** Groups without a dot, and those of Kubernetes itself, are served by kube-apiserver. */
const builtIn = /^[a-z]*$|\.k8s\.io$/;

/** The kinds of documents as far as they and the definitions at hand tell them, without asking a cluster. */
export class OfflineKinds {
  readonly #definitions: readonly JsonObject[];

  constructor(documents: readonly JsonObject[]) {
    this.#definitions = documents.filter((each) => stringAt(each, 'kind') === 'CustomResourceDefinition');
  }

  knows(document: JsonObject): boolean {
    return builtIn.test(groupOf(document).group) || this.#definitionOf(document) !== undefined;
  }

  of(document: JsonObject): ResourceType {
    const { group, version } = groupOf(document);
    const kind = stringAt(document, 'kind') ?? '';
    const definition = this.#definitionOf(document);
    return {
      ...{ group, version, kind, singular: kind.toLowerCase() },
      resource: stringAt(definition, 'spec', 'names', 'plural') ?? pluralOf(kind.toLowerCase()),
      shortNames: [],
      namespaced: true,
      verbs: [],
      subresources: [],
      servedBy: definition === undefined ? 'built-in' : 'crd',
      ...(definition === undefined ? {} : { declared: declaredBy(definition, version) }),
    };
  }

  #definitionOf(document: JsonObject): JsonObject | undefined {
    const { group } = groupOf(document);
    return this.#definitions.find(
      (each) =>
        stringAt(each, 'spec', 'group') === group &&
        stringAt(each, 'spec', 'names', 'kind') === stringAt(document, 'kind'),
    );
  }
}

function groupOf(document: JsonObject): { readonly group: string; readonly version: string } {
  const apiVersion = stringAt(document, 'apiVersion') ?? 'v1';
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) };
}

/** As Kubernetes names its own resources. */
function pluralOf(singular: string): string {
  if (singular === 'endpoints') return singular;
  if (/(?:s|x|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}
