import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts';
import { isSensitiveColumn } from './names.ts';

export const isTable = (object: JsonObject): boolean =>
  Array.isArray(object.columnDefinitions) && (object.kind === 'Table' || Array.isArray(object.rows));

/** For each column what its placeholder names; undefined: its cells are shown. */
export const columnSources = (table: JsonObject): readonly (string | undefined)[] =>
  (table.columnDefinitions as readonly Json[]).map((column) => {
    if (!isJsonObject(column)) return undefined;
    const { name, description } = column;
    const says = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
    return isSensitiveColumn(says(name), says(description)) ? `column ${says(name)}` : undefined;
  });
