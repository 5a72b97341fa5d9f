import { isJsonObject } from '../json.ts';
import type { FactFields, FactType } from './specs/type.ts';

/** Whether a value is of a fact's type, members and all. */
export function fits(type: FactType, value: unknown): boolean {
  if (typeof type === 'object')
    return 'fields' in type ? hasFields(type.fields, value) : isListOf(value, (each) => hasFields(type.listOf, each));
  switch (type) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isSafeInteger(value);
    case 'double':
      return typeof value === 'number';
    case 'string':
      return isText(value);
    case 'list<string>':
      return isListOf(value, isText);
    case 'list<int>':
      return isListOf(value, Number.isSafeInteger);
    case 'map<string,string>':
      return isJsonObject(value) && Object.values(value).every(isText);
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';

const isListOf = (value: unknown, is: (element: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every((each) => is(each));

const hasFields = (fields: FactFields, value: unknown): boolean =>
  isJsonObject(value) &&
  Object.keys(value).every((name) => Object.hasOwn(fields, name)) &&
  Object.entries(fields).every(([name, type]) => fits(type, value[name]));
