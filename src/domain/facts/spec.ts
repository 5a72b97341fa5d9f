import { authoritySpecs } from './specs/authority.ts';
import { callSpecs } from './specs/call.ts';
import { changeSpecs } from './specs/change.ts';
import { identitySpecs } from './specs/identity.ts';
import { podSpecs } from './specs/pods.ts';
import type { FactSpec, ValueOf } from './specs/type.ts';

/** Facts about one object of a call: a rule is evaluated for each object with that object's own. */
export const objectFactSpecs = [...identitySpecs, ...changeSpecs, ...podSpecs, ...authoritySpecs] as const;

/** Facts about the call as a whole, the same for each of its objects. */
export const callFactSpecs = callSpecs;

/** Every fact there is, in the order in which people read about them. Conditions are type-checked against this. */
export const factSpecs: readonly FactSpec[] = [...callFactSpecs, ...objectFactSpecs];

type ObjectSpec = (typeof objectFactSpecs)[number];
type CallSpec = (typeof callFactSpecs)[number];

/** Undefined is "absent": it should be there and could not be derived. A condition that reads it errors, which is a deny. */
export type ObjectFacts = { readonly [S in ObjectSpec as S['name']]: ValueOf<S> };
export type CallFacts = { readonly [S in CallSpec as S['name']]: ValueOf<S> };
