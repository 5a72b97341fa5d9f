import type { FactSpec } from './type.ts';

export const changeSpecs = [
  {
    name: 'action',
    type: 'string',
    meaning:
      'What it amounts to: read, create, configure, unchanged, delete, scale or exec; an apply that takes the last finalizer of what is being deleted is a delete.',
    applies: 'every object',
    empty: '',
    absentWhen: '',
  },
  {
    name: 'changedFields',
    type: 'list<string>',
    meaning:
      'Paths of the fields that change, without list keys (`spec.template.spec.containers.image`), sorted; `*` alone: all of the object.',
    applies: 'objects that are changed or created; a delete is `*`',
    empty: [],
    absentWhen: 'the effect is not known, as with exec',
  },
  {
    name: 'replicas',
    type: { fields: { from: 'int', to: 'int', percent: 'int', toZero: 'bool', changed: 'bool' } },
    meaning:
      'The change of spec.replicas; `percent` of what there was (of 1 where there was none), negative for less, rounded away from 0.',
    applies: 'calls that change or set the number of replicas; a delete does not',
    empty: { from: 0, to: 0, percent: 0, toZero: false, changed: false },
    absentWhen: 'the effect is not known and the manifest does not say it, or the values are not numbers',
  },
  {
    name: 'forceConflicts',
    type: 'bool',
    meaning: 'Whether fields of other managers are taken over by force.',
    applies: 'objects that are applied',
    empty: false,
    absentWhen: '',
  },
  {
    name: 'takesFieldsFrom',
    type: 'list<string>',
    meaning: 'The field managers that lose fields.',
    applies: 'objects that are applied',
    empty: [],
    absentWhen: '',
  },
  {
    name: 'removesFields',
    type: 'list<string>',
    meaning: 'Paths of fields that go because the manifest omits them.',
    applies: 'objects that are applied with prune',
    empty: [],
    absentWhen: '',
  },
  {
    name: 'finalizersRemoved',
    type: 'list<string>',
    meaning: 'Finalizers that are taken off, so that what they wait for is skipped.',
    applies: 'objects that are applied',
    empty: [],
    absentWhen: '',
  },
  {
    name: 'terminating',
    type: 'bool',
    meaning: 'Whether the object is being deleted already.',
    applies: 'objects that are changed or deleted',
    empty: false,
    absentWhen: '',
  },
  {
    name: 'deletedWith',
    type: { fields: { total: 'int', resources: { listOf: { resource: 'string', count: 'int' } } } },
    meaning: 'What goes with a delete, counted for each resource.',
    applies: 'objects that are deleted',
    empty: { total: 0, resources: [] },
    absentWhen: 'something that goes with it may not or cannot be counted',
  },
  {
    name: 'exec',
    type: {
      fields: { argv: 'list<string>', container: 'string', shell: 'bool', stdin: 'bool', stdinDigest: 'string' },
    },
    meaning:
      'The program that is run; `shell`: one that takes commands as text, by its name or anywhere behind env, sudo and the like; the digest is SHA-256 of the standard input.',
    applies: 'exec',
    empty: { argv: [], container: '', shell: false, stdin: false, stdinDigest: '' },
    absentWhen: '',
  },
  {
    name: 'warnings',
    type: 'int',
    meaning: 'How many warnings the API server gave to the dry-run.',
    applies: 'objects that are applied',
    empty: 0,
    absentWhen: '',
  },
  {
    name: 'effectUnknown',
    type: 'bool',
    meaning:
      'Whether the effect could not be tried out: exec, kinds of another server, what lives in a namespace or kind that the same call makes.',
    applies: 'everything but reads',
    empty: false,
    absentWhen: '',
  },
  {
    name: 'uninspectable',
    type: 'bool',
    meaning: 'Whether people cannot be shown it whole: too much, too deep, or with characters that cannot be seen.',
    applies: 'every object',
    empty: false,
    absentWhen: '',
  },
  {
    name: 'uninspectableBecause',
    type: 'list<string>',
    meaning: 'Why it is uninspectable, in words.',
    applies: 'objects that are uninspectable',
    empty: [],
    absentWhen: '',
  },
] as const satisfies readonly FactSpec[];
