import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';
import { isSensitiveColumn } from '../names.ts';
import type { Walker } from './walker.ts';

export const isTable = (object: JsonObject): boolean =>
  Array.isArray(object.columnDefinitions) && (object.kind === 'Table' || Array.isArray(object.rows));

/** A column by its place, name and description: what its placeholder names; undefined: its cells are shown. */
export type ColumnSource = (name: string, description: string) => string | undefined;

const byName: ColumnSource = (name, description) =>
  isSensitiveColumn(name, description) ? `column ${name}` : undefined;

const says = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** A Table of meta.k8s.io/v1. `hiddenBy` knows more about the columns of this kind than their names do. */
export function maskTable(walker: Walker, table: JsonObject, hiddenBy?: ColumnSource): Json {
  const columns = (table.columnDefinitions as readonly Json[]).map((each) => {
    const column = isJsonObject(each) ? each : {};
    const [name, description] = [says(column.name), says(column.description)];
    return {
      hidden: byName(name, description) ?? hiddenBy?.(name, description),
      isName: column.format === 'name',
    };
  });
  const cell = (value: Json, index: number): Json => {
    const { hidden, isName } = columns[index] ?? {};
    if (hidden !== undefined && typeof value !== 'boolean' && value !== '') return walker.hide(value, hidden);
    return isName === true && typeof value === 'string' ? walker.identifier(value) : walker.any(value, '');
  };
  const row = (value: Json): Json =>
    isJsonObject(value)
      ? walker.members(value, (key, member) =>
          key === 'cells' && Array.isArray(member) ? walker.elements(member, cell) : walker.any(member, ''),
        )
      : walker.any(value, '');
  return walker.members(table, (key, value) => {
    if (key === 'columnDefinitions') return value;
    return key === 'rows' && Array.isArray(value) ? walker.elements(value, row) : walker.member(key, value, '');
  });
}
