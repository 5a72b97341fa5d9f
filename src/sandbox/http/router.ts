import { aggregated, legacyResources, legacyRoot } from '../discovery.ts';
import type { JsonObject } from '../json.ts';
import { ApiError, noResource, PageNotFound } from '../status.ts';
import type { World } from '../world.ts';
import { authorize } from './authorize.ts';
import type { Answer, Call } from './call.ts';
import { shapeOf } from './negotiate.ts';
import { parsePath } from './path.ts';
import { answerResource } from './resource.ts';

/** Answers any request; whatever goes wrong is an answer too. */
export function answer(world: World, token: string, call: Call): Answer {
  try {
    authorize(call.headers, token);
    return route(world, call);
  } catch (error) {
    if (error instanceof ApiError || error instanceof PageNotFound) return { code: error.code, body: error.body };
    const why = error instanceof Error ? error.message : String(error);
    const { body } = new ApiError(500, 'InternalError', `Internal error occurred: ${why}`);
    return { code: 500, body };
  }
}

function route(world: World, call: Call): Answer {
  const path = parsePath(call.pathname, world.kinds);
  if (path.type === 'resource') return answerResource(world, path, call);
  if (call.method !== 'GET')
    throw new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  if (path.type === 'plain') return path.path === '/version' ? { code: 200, body: version } : { code: 200, body: 'ok' };
  if (path.type === 'root') return answerRoot(world, path.isCore, call);
  if (path.type === 'version')
    return found(legacyResources(world.kinds, path.group, path.version), world.kinds.isBuiltin(path.group));
  const groups = legacyRoot(world.kinds, false).groups;
  const group = (Array.isArray(groups) ? groups : []).find((each) => Object(each).name === path.group);
  return found(group ? { kind: 'APIGroup', apiVersion: 'v1', ...Object(group) } : undefined);
}

function answerRoot(world: World, isCore: boolean, call: Call): Answer {
  if (shapeOf(call.headers.accept) !== 'discovery') return { code: 200, body: legacyRoot(world.kinds, isCore) };
  const type = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  return { code: 200, body: aggregated(world.kinds, isCore), type };
}

function found(body: JsonObject | undefined, isKnownGroup = false): Answer {
  if (!body) throw isKnownGroup ? noResource() : new PageNotFound();
  return { code: 200, body };
}

const version: JsonObject = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3+countersign-sandbox',
  gitTreeState: 'clean',
  platform: `${process.platform}/${process.arch}`,
};
