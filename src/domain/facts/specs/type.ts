/**
 * The types that facts have, closed, so that a condition can be checked before it is used. `fields`: an object with exactly
 * these members, all of them there; `listOf`: a list of such objects.
 */
export type FactType =
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'list<string>'
  | 'list<int>'
  | 'map<string,string>'
  | { readonly fields: FactFields }
  | { readonly listOf: FactFields };
export interface FactFields {
  readonly [name: string]: FactType;
}

/** One fact: what it is called in a condition (`facts.<name>`), and when a condition may rely on it. */
export interface FactSpec {
  readonly name: string;
  readonly type: FactType;
  /** One sentence. */
  readonly meaning: string;
  /** To which objects it applies, in words. */
  readonly applies: string;
  /** Its value where it does not apply. */
  readonly empty: FactValue;
  /** When it should be there and is not, in words; `''`: never. */
  readonly absentWhen: string;
}

type FactValue =
  | boolean
  | number
  | string
  | readonly string[]
  | readonly number[]
  | readonly { readonly [name: string]: FactValue }[]
  | { readonly [name: string]: FactValue };

type TypeValue<T> = T extends 'bool'
  ? boolean
  : T extends 'int' | 'double'
    ? number
    : T extends 'string'
      ? string
      : T extends 'list<string>'
        ? readonly string[]
        : T extends 'list<int>'
          ? readonly number[]
          : T extends 'map<string,string>'
            ? Readonly<Record<string, string>>
            : T extends { readonly fields: infer F }
              ? { readonly [K in keyof F]: TypeValue<F[K]> }
              : T extends { readonly listOf: infer F }
                ? readonly { readonly [K in keyof F]: TypeValue<F[K]> }[]
                : never;

/** What a fact of this spec is in TypeScript. */
export type ValueOf<S extends Pick<FactSpec, 'type' | 'absentWhen'>> = S['absentWhen'] extends ''
  ? TypeValue<S['type']>
  : TypeValue<S['type']> | undefined;
