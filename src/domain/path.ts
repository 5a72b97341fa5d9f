import { isJsonObject, type Json } from './json.ts';

/**
 * Where a leaf stands. A string is a member; `{ key }` selects the element of an associative list by its key fields, as
 * fieldsV1 has it (`k:{"name":"web"}`); `{ value }` an element of a set; `{ index }` an element of an atomic list.
 */
export type PathStep =
  | string
  | { readonly key: { readonly [field: string]: Json } }
  | { readonly value: Json }
  | { readonly index: number };
export type Path = readonly PathStep[];

/** `spec.template.spec.containers[web].image`, `metadata.labels["a.b/c"]`, `args[0]`: what people read and what digests hold. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'string') {
      if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`;
      else text += `[${JSON.stringify(step)}]`;
    } else if ('index' in step) text += `[${step.index}]`;
    else if ('value' in step) text += `[=${elementText(step.value)}]`;
    else text += `[${Object.values(step.key).map(elementText).join(',')}]`;
  }
  return text;
}

/** Quoted where it could be taken for something else: a line of its own, the end of the step, another change. */
const elementText = (value: Json): string =>
  typeof value === 'string' && !/[\p{C}\p{Z}"[\]]/u.test(value) ? value : JSON.stringify(value);

/** The value at `path`, or undefined where it is not there. */
export function valueAt(root: Json | undefined, path: Path): Json | undefined {
  let here: Json | undefined = root;
  for (const step of path) {
    if (here === undefined) return undefined;
    if (typeof step === 'string') here = isJsonObject(here) && Object.hasOwn(here, step) ? here[step] : undefined;
    else if (!Array.isArray(here)) return undefined;
    else if ('index' in step) here = here[step.index] as Json | undefined;
    else if ('value' in step)
      here = here.find((each) => JSON.stringify(each) === JSON.stringify(step.value)) as Json | undefined;
    else here = here.find((each) => matchesKey(each as Json, step.key)) as Json | undefined;
  }
  return here;
}

const matchesKey = (element: Json, key: { readonly [field: string]: Json }): boolean =>
  isJsonObject(element) && Object.entries(key).every(([field, value]) => element[field] === value);
