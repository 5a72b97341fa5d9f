import type { FactSpec } from './type.ts';

export const callSpecs = [
  {
    name: 'objectCount',
    type: 'int',
    meaning: 'How many different objects the call names.',
    applies: 'every call; lists name none',
    empty: 0,
    absentWhen: '',
  },
  {
    name: 'podsAffected',
    type: 'int',
    meaning: 'How many pods the whole call starts, stops, replaces or runs a program in, at most.',
    applies: 'calls that change something',
    empty: 0,
    absentWhen:
      'one of the objects runs pods whose number is not known: a new DaemonSet, an unknown kind without spec.replicas, a delete whose pods were not counted, a node',
  },
] as const satisfies readonly FactSpec[];
