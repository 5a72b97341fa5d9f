import { z } from 'zod';
import {
  CountersignError,
  checkName,
  checkNamespace,
  definedBy,
  defineTool,
  fields,
  invalid,
  type JsonObject,
  type ObjectRef,
  objectLabel,
  parseManifest,
  type ResourceType,
  resourceGroup,
  resultShape,
  sameObject,
  stringAt,
  type ToolPlanning,
} from '../src/domain/tool.ts';

export default defineTool({
  name: 'apply',
  title: 'Apply manifests',
  description:
    'Create or change objects by server-side apply. Usually waits for a person. Put objects that belong together in one call: one approval. Send only fields you mean to set; never a masked placeholder.',
  access: { verb: 'patch', mutates: true, destructive: true, idempotent: true },
  input: z.strictObject({
    manifest: z.string().min(1).max(1_000_000).describe('YAML or JSON, several documents'),
    namespace: fields.namespace,
    forceConflicts: z.boolean().default(false).describe('Take over fields of other managers'),
    prune: z.boolean().default(false).describe('Remove what an earlier apply here set and this one omits'),
    dryRun: fields.dryRun,
    reason: fields.reason,
  }),
  output: z.looseObject(resultShape),
  targets: () => [{ resourceGroup: undefined, access: { verb: 'patch' }, namespace: undefined }],
  plan: async ({ manifest, namespace, forceConflicts, prune }, planning) => {
    const { documents, notes } = parseManifest(manifest);
    if (documents.length === 0)
      throw invalid('The manifest has no object', 'send at least one document with apiVersion, kind and metadata.name');
    const defined = documents.flatMap(definedBy);
    const drafts = await Promise.all(documents.map((document) => draftOf(document, defined)));
    refuseTwice(drafts.map(({ object }) => object));
    return { requests: drafts.sort((a, b) => rank(a.object.type) - rank(b.object.type)), notes };

    async function draftOf(document: JsonObject, made: readonly ResourceType[]) {
      const type = await typeOf(document, made, planning);
      const name = checkName(stringAt(document, 'metadata', 'name') ?? '', 'metadata.name');
      return {
        action: 'apply' as const,
        object: { type, namespace: placeOf(document, type, namespace ?? planning.defaultNamespace, namespace), name },
        manifest: document,
        forceConflicts,
        prune,
      };
    }
  },
  run: (plan, cluster) => cluster.sendAll(plan),
});

/** Two documents for one object: which of them is meant cannot be told. */
function refuseTwice(objects: readonly ObjectRef[]): void {
  const twice = objects.find((object, index) => objects.findIndex((other) => sameObject(object, other)) < index);
  if (twice === undefined) return;
  throw invalid(`The manifest has ${objectLabel(twice)} more than once`, 'put what it should be into one document');
}

/** A kind that a definition in the same call makes is known before the cluster knows it; one that it serves is the cluster's. */
async function typeOf(
  document: JsonObject,
  made: readonly ResourceType[],
  planning: ToolPlanning,
): Promise<ResourceType> {
  const version = stringAt(document, 'apiVersion') ?? '';
  const kind = stringAt(document, 'kind') ?? '';
  const here = made.find((type) => type.kind === kind && `${type.group}/${type.version}` === version);
  if (here === undefined) return planning.resolveKind(version, kind);
  return planning.resolveKind(version, kind).catch((thrown: unknown) => {
    if (thrown instanceof CountersignError && thrown.code === 'Invalid') return here;
    throw thrown;
  });
}

function placeOf(
  document: JsonObject,
  type: ResourceType,
  fallback: string,
  asked: string | undefined,
): string | undefined {
  if (!type.namespaced) return undefined;
  const own = stringAt(document, 'metadata', 'namespace');
  if (own !== undefined && asked !== undefined && own !== asked) {
    throw invalid(
      `The manifest says namespace ${own} and the call says ${asked}`,
      'leave the field "namespace" of the call out',
    );
  }
  return checkNamespace(own ?? fallback);
}

/** Namespaces and definitions first: what follows may live in them. */
function rank(type: ResourceType): number {
  const first = ['namespaces', 'customresourcedefinitions.apiextensions.k8s.io'].indexOf(resourceGroup(type));
  return first === -1 ? 2 : first;
}
