import { reconcile } from '../controllers/reconcile.ts';
import { create } from '../create.ts';
import { deleteOptions, remove } from '../delete.ts';
import type { JsonObject } from '../json.ts';
import { readLog } from '../logs.ts';
import { asKubeObject } from '../object.ts';
import { writeOptions } from '../options.ts';
import { apply, patchObject } from '../patch.ts';
import { list, read } from '../read.ts';
import { patchScale, readScale } from '../scale.ts';
import { ApiError, badRequest, noResource, notInSandbox } from '../status.ts';
import type { World } from '../world.ts';
import type { Written } from '../write.ts';
import type { Answer, Call } from './call.ts';
import { renderList, renderObject, shapeOf } from './negotiate.ts';
import type { ResourcePath } from './path.ts';

const notAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');

/** Answers a request to a resource, one of its objects or a subresource. */
export function answerResource(world: World, path: ResourcePath, call: Call): Answer {
  if (call.query.has('watch') && call.query.get('watch') !== 'false' && call.query.get('watch') !== '0')
    throw notInSandbox('watch');
  if (path.subresource !== undefined) return answerSubresource(world, path, path.subresource, call);
  return path.name === undefined ? answerCollection(world, path, call) : answerObject(world, path, path.name, call);
}

function answerCollection(world: World, { kind, namespace }: ResourcePath, call: Call): Answer {
  const { method, query } = call;
  if (method === 'GET') {
    const shape = shapeOf(call.headers.accept);
    return { code: 200, body: renderList(shape, kind, list(world, kind, namespace, query), query, world.now()) };
  }
  if (method === 'DELETE') throw notInSandbox('deletecollection');
  if (method !== 'POST' || (kind.namespaced && namespace === undefined)) throw notAllowed();
  requireMediaType(call, ['application/json']);
  const options = writeOptions(query, 'CreateOptions', call.headers['user-agent'] ?? '', false);
  return written(world, kind, call, options.dryRun, () => create(world, kind, namespace ?? '', call.text, options));
}

function answerObject(world: World, { kind, namespace = '' }: ResourcePath, name: string, call: Call): Answer {
  const { method, query, text } = call;
  if (method === 'GET')
    return {
      code: 200,
      body: renderObject(shapeOf(call.headers.accept), kind, read(world, kind, namespace, name), query, world.now()),
    };
  if (method === 'PUT') throw notInSandbox('PUT');
  if (method === 'DELETE') {
    const options = deleteOptions(text, query);
    const body = remove(world, kind, namespace, name, options);
    if (!options.dryRun) reconcile(world);
    return { code: 200, body };
  }
  if (method !== 'PATCH') throw notAllowed();
  const type = requireMediaType(call, ['application/apply-patch+yaml', 'application/merge-patch+json']);
  const isApply = type === 'application/apply-patch+yaml';
  const options = writeOptions(query, 'PatchOptions', call.headers['user-agent'] ?? '', isApply);
  const patch = isApply ? apply : patchObject;
  return written(world, kind, call, options.dryRun, () => patch(world, kind, namespace, name, text, options));
}

function answerSubresource(world: World, path: ResourcePath, subresource: string, call: Call): Answer {
  const { kind, namespace = '', name = '' } = path;
  if (
    ['portforward', 'attach', 'proxy', 'eviction', 'binding', 'token', 'ephemeralcontainers', 'status'].includes(
      subresource,
    )
  )
    throw notInSandbox(subresource);
  if (!kind.subresources.includes(subresource)) throw noResource();
  if (subresource === 'exec') {
    read(world, kind, namespace, name);
    throw badRequest('Upgrade request required');
  }
  if (subresource === 'log') {
    if (call.method !== 'GET') throw notAllowed();
    return { code: 200, body: readLog(world, read(world, kind, namespace, name), call.query) };
  }
  if (call.method === 'GET') return { code: 200, body: readScale(world, kind, namespace, name) };
  if (call.method === 'PUT') throw notInSandbox('PUT');
  if (call.method !== 'PATCH') throw notAllowed();
  requireMediaType(call, ['application/merge-patch+json']);
  const options = writeOptions(call.query, 'PatchOptions', call.headers['user-agent'] ?? '', false);
  const body = patchScale(world, kind, namespace, name, call.text, options);
  if (!options.dryRun) reconcile(world);
  return { code: 200, body };
}

/** Does a write, answers with what it gave, and only then lets the controllers see it. */
function written(world: World, kind: ResourcePath['kind'], call: Call, dryRun: boolean, write: () => Written): Answer {
  const shape = shapeOf(call.headers.accept);
  const { created, object, warnings } = write();
  const body: JsonObject = structuredClone(
    renderObject(shape, kind, asKubeObject(object) ?? object, call.query, world.now()),
  );
  if (!dryRun) reconcile(world);
  return { code: created ? 201 : 200, body, warnings };
}

function requireMediaType(call: Call, accepted: string[]): string {
  const type = (call.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (accepted.includes(type)) return type;
  const patches = ['application/json-patch+json', 'application/strategic-merge-patch+json'];
  const lead = patches.includes(type)
    ? `the sandbox does not do ${type}`
    : 'the body of the request was in an unknown format';
  throw new ApiError(415, 'UnsupportedMediaType', `${lead} - accepted media types include: ${accepted.join(', ')}`);
}
