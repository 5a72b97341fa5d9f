import type { FactFields, FactType } from '../../domain/facts/specs/type.ts';
import { limits } from './limits.ts';

/** Makes what a condition sees of a plain object: only declared members, each checked and converted when it is read. */
export type View = new (...raw: readonly unknown[]) => Members;
/** What a condition reads by name. */
export interface Members {
  readonly [member: string]: unknown;
}
/** What the roots stand for, as their views made them. */
export interface Roots {
  readonly [root: string]: Members;
}

export const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null;

/** Is told of each type of object, the inner ones first. */
export type Declare = (
  name: string,
  made: { readonly ctor: abstract new (...made: never) => object; readonly fields: FactFields },
) => void;

type Convert = (value: unknown, path: string, budget: Budget) => unknown;
/** Entries of lists and maps that one fact may still have. */
interface Budget {
  left: number;
}

/** What a condition that reads an absent or misshapen member ends with. */
class MemberError extends Error {}

/** A root such as `facts`; its members are read when a condition asks for them. */
export function viewOf(root: string, fields: FactFields, declare: Declare): View {
  const view = class {
    readonly [member: string]: unknown;
    readonly #raw: readonly unknown[];
    readonly #read = new Map<string, unknown>();

    /** Members of all of these; of two with the same member the later one has it. */
    constructor(...raw: readonly unknown[]) {
      this.#raw = raw;
    }

    /** What is absent or misshapen is thrown; it is found out once, however many conditions read it. */
    member(name: string, convert: Convert): unknown {
      const read = this.#read.get(name) ?? this.#reading(name, convert);
      this.#read.set(name, read);
      if (read instanceof MemberError) throw read;
      return read;
    }

    #reading(name: string, convert: Convert): unknown {
      const path = `${root}.${name}`;
      const value = this.#raw.reduce((found: unknown, raw) => own(raw, name) ?? found, undefined);
      if (value === undefined) return new MemberError(`${path} is absent: it could not be found out`);
      try {
        return convert(value, path, { left: limits.entries });
      } catch (thrown) {
        if (thrown instanceof MemberError) return thrown;
        throw thrown;
      }
    }
  };
  for (const [name, type] of Object.entries(fields)) {
    const convert = converterOf(typeName(root, name), type, declare);
    Object.defineProperty(view.prototype, name, {
      get(this: InstanceType<typeof view>) {
        return this.member(name, convert);
      },
    });
  }
  declare(root, { ctor: view, fields });
  return view;
}

/** The name of the type of a member that is or holds objects. */
export const typeName = (owner: string, member: string): string =>
  `${owner}${member.slice(0, 1).toUpperCase()}${member.slice(1)}`;

const own = (raw: unknown, name: string): unknown =>
  typeof raw === 'object' && raw !== null && Object.hasOwn(raw, name)
    ? Object.getOwnPropertyDescriptor(raw, name)?.value
    : undefined;

function converterOf(name: string, type: FactType, declare: Declare): Convert {
  if (typeof type !== 'string') {
    if ('fields' in type) return objectConverter(name, type.fields, declare);
    return listConverter(objectConverter(name, type.listOf, declare));
  }
  if (type === 'list<string>') return listConverter(text);
  if (type === 'list<int>') return listConverter(int);
  if (type === 'map<string,string>') return mapOfText;
  return { bool, int, double, string: text }[type];
}

const listConverter =
  (each: Convert): Convert =>
  (value, path, budget) => {
    if (!Array.isArray(value)) return misfit(path, 'list');
    take(budget, value.length, path);
    return value.map((element, index) => each(element, `${path}[${index}]`, budget));
  };

const mapOfText: Convert = (value, path, budget) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return misfit(path, 'map');
  const entries = Object.entries(value);
  take(budget, entries.length, path);
  return new Map(entries.map(([key, entry]) => [key, text(entry, path)]));
};

const bool: Convert = (value, path) => (typeof value === 'boolean' ? value : misfit(path, 'bool'));
const int: Convert = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : misfit(path, 'whole number');
const double: Convert = (value, path) => (typeof value === 'number' ? value : misfit(path, 'number'));

/** Converted at once, so that the entries of nested lists are counted together. */
function objectConverter(name: string, fields: FactFields, declare: Declare): Convert {
  const members = Object.entries(fields).map(
    ([member, type]) => [member, converterOf(typeName(name, member), type, declare)] as const,
  );
  const view = class {
    constructor(raw: unknown, path: string, budget: Budget) {
      for (const [member, convert] of members) {
        const value = own(raw, member);
        if (value === undefined) continue;
        Object.defineProperty(this, member, { value: convert(value, `${path}.${member}`, budget) });
      }
    }
  };
  declare(name, { ctor: view, fields });
  return (value, path, budget) =>
    typeof value === 'object' && value !== null ? new view(value, path, budget) : misfit(path, 'object');
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') return misfit(path, 'string');
  if (value.length > limits.text) throw new MemberError(`${path} is longer than ${limits.text} characters`);
  return value;
}

function take(budget: Budget, entries: number, path: string): void {
  budget.left -= entries;
  if (budget.left < 0) throw new MemberError(`${path} has more than ${limits.entries} entries`);
}

function misfit(path: string, type: string): never {
  throw new MemberError(`${path} is not a ${type}`);
}
