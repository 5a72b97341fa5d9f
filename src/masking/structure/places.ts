import { isJsonObject, type Json, type JsonObject, listAt } from '../../domain/json.ts';

/**
 * A member, the element of a list that has this name, each element, or whatever stands there. Lists between members are walked
 * through.
 */
type PlaceStep = { readonly member: string } | { readonly named: string } | 'element' | 'any';
export type Place = readonly PlaceStep[];

const step = /\.?([A-Za-z_$][\w$-]*)|\.?(\*)|\[(\*|\d+)\]|\["((?:[^"\\]|\\.)+)"\]|\[([^\]"[]+)\]/y;

/** `spec.users[*].hash`, `data["app.conf"]`, `spec.containers[web].env[MODE].value`: paths as answers name them. Undefined: it is none. */
export function parsePlace(text: string): Place | undefined {
  const steps: PlaceStep[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < text.length) {
    const at = step.lastIndex;
    const found = step.exec(text);
    if (found === null || (at === 0 && text.startsWith('.'))) return undefined;
    const [all, member, star, element, quoted, named] = found;
    if (at > 0 && !all.startsWith('.') && !all.startsWith('[')) return undefined;
    if (star !== undefined) steps.push('any');
    else if (element !== undefined) steps.push('element');
    else if (named !== undefined) steps.push({ named });
    else steps.push({ member: member ?? (quoted ?? '').replace(/\\(.)/g, '$1') });
  }
  return steps.length === 0 ? undefined : steps;
}

export type Verdict = 'hide' | 'show';
/** What is to be done with members and elements, by what they stand in. */
export type Marks = ReadonlyMap<object, ReadonlyMap<string | number, Verdict>>;

/** Where in objects of one kind something is hidden, or shown, whatever its name says. Hiding wins. */
export interface Places {
  readonly hide: readonly Place[];
  readonly show: readonly Place[];
}

/** The places of one object, or of each of a list or a table. */
export function marksIn(root: JsonObject, { hide, show }: Places): Marks {
  const marks = new Map<object, Map<string | number, Verdict>>();
  const listed = typeof root.kind === 'string' && root.kind.endsWith('List') && Array.isArray(root.items);
  const objects = listed ? listAt(root, 'items') : [root, ...listAt(root, 'rows').map((row) => member(row, 'object'))];
  for (const object of objects) {
    for (const place of show) mark(marks, object, place, 0, 'show');
    for (const place of hide) mark(marks, object, place, 0, 'hide');
  }
  return marks;
}

const member = (value: Json | undefined, name: string): Json | undefined =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

function mark(
  marks: Map<object, Map<string | number, Verdict>>,
  here: Json | undefined,
  place: Place,
  at: number,
  verdict: Verdict,
): void {
  if (typeof here !== 'object' || here === null) return;
  const wanted = place[at] as PlaceStep;
  const goOn = (key: string | number, below: Json | undefined): void => {
    if (at + 1 < place.length) mark(marks, below, place, at + 1, verdict);
    else marks.set(here, (marks.get(here) ?? new Map<string | number, Verdict>()).set(key, verdict));
  };
  const wantedMember = typeof wanted === 'object' && 'member' in wanted ? wanted.member : undefined;
  if (Array.isArray(here)) {
    here.forEach((each: Json, index) => {
      if (wantedMember !== undefined) mark(marks, each, place, at, verdict);
      else if (typeof wanted === 'string' || ('named' in wanted && member(each, 'name') === wanted.named))
        goOn(index, each);
    });
    return;
  }
  for (const key of wanted === 'any' ? Object.keys(here) : wantedMember === undefined ? [] : [wantedMember])
    if (Object.hasOwn(here, key)) goOn(key, (here as JsonObject)[key]);
}

const described = /\(in JSONPath format\): (.+)$/;

/** The JSONPath that a column of a CRD prints, where its description is the API server's own. */
export const pathOfColumn = (description: string): string | undefined => described.exec(description)?.[1];

/** As JSONPath has it. */
export const pathOf = (...members: readonly string[]): string =>
  members.map((name) => name.replaceAll('.', '\\.')).join('.');

/** Whether a JSONPath of a printer column shows something of a place: as far as both go they are the same. Unsure is yes. */
export function reaches(jsonPath: string, place: Place): boolean {
  if (jsonPath.includes('..')) return true;
  const printed = jsonPath
    .replace(/^\{|\}$/g, '')
    .replace(/\[['"]([^'"]+)['"]\]/g, (_, name: string) => `.${name.replaceAll('.', '\\.')}`)
    .replace(/\[[^\]]*\]/g, '')
    .split(/(?<!\\)\./)
    .map((name) => name.replaceAll('\\.', '.'))
    .filter((name) => name !== '' && name !== '$');
  const members = place.flatMap((each) =>
    each === 'any' ? ['*'] : typeof each === 'object' && 'member' in each ? [each.member] : [],
  );
  return agree(printed, members);
}

/** `*` stands for a member or for the elements of a list, of which a JSONPath says nothing here. */
function agree(printed: readonly string[], members: readonly string[]): boolean {
  const [first, ...rest] = members;
  const [name, ...others] = printed;
  if (first === undefined || name === undefined) return true;
  if (first === '*') return agree(printed, rest) || agree(others, rest);
  return name === '*' || name === first ? agree(others, rest) : false;
}
