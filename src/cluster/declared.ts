import { declaredBy } from '../domain/declared.ts';
import { CountersignError } from '../domain/errors.ts';
import { type ResourceType, resourceGroup } from '../domain/resource.ts';
import * as accept from './accept.ts';
import type { Api } from './api.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The type with what its definition declares. Where that may not be read names alone tell what is a secret. */
export async function withDeclared(api: Api, type: ResourceType): Promise<ResourceType> {
  const name = resourceGroup(type);
  const what = `read CustomResourceDefinition ${name}`;
  try {
    const request = { method: 'GET', path: `${path}/${name}`, accept: accept.json, mutates: false, what } as const;
    const found = await api.find(request);
    return found === undefined ? type : { ...type, declared: declaredBy(found.body, type.version) };
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'Forbidden') return type;
    throw error;
  }
}
