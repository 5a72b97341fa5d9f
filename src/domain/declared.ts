import { isJsonObject, type Json, type JsonObject, listAt, objectAt, stringAt } from './json.ts';
import type { DeclaredSecrets } from './resource.ts';

/** Schemas are nested no deeper than people can read. */
const deepest = 60;

/** What a CustomResourceDefinition says of secrets in objects of a version. */
export function declaredBy(definition: JsonObject, version: string): DeclaredSecrets {
  const served = listAt(definition, 'spec', 'versions').find((each) => stringAt(each, 'name') === version);
  const passwords: string[] = [];
  const look = (schema: Json | undefined, path: string, depth: number): void => {
    if (!isJsonObject(schema) || depth > deepest) return;
    if (schema.format === 'password' && path !== '') passwords.push(path);
    for (const [name, below] of Object.entries(objectAt(schema, 'properties') ?? {}))
      look(below, path + member(name, path === ''), depth + 1);
    look(schema.items, `${path}[*]`, depth + 1);
    look(schema.additionalProperties, `${path}.*`, depth + 1);
  };
  look(objectAt(served, 'schema', 'openAPIV3Schema'), '', 0);
  const columns = listAt(served, 'additionalPrinterColumns').flatMap((column) => {
    const [name, jsonPath] = [stringAt(column, 'name'), stringAt(column, 'jsonPath')];
    return name === undefined || jsonPath === undefined ? [] : [[name, jsonPath] as const];
  });
  return { passwords, columns: Object.fromEntries(columns) };
}

const member = (name: string, first: boolean): string =>
  /^[A-Za-z_$][\w$-]*$/.test(name) ? `${first ? '' : '.'}${name}` : `[${JSON.stringify(name)}]`;
