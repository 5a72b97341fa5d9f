import { callFactSpecs, objectFactSpecs } from '../domain/facts/spec.ts';
import type { FactSpec, FactType } from '../domain/facts/specs/type.ts';

/** docs/facts.md: what every fact means, from the table that conditions are checked against. */
export const factsTable = (): string =>
  `${[
    '# Facts',
    '',
    'What a condition reads as `facts.<name>`. Countersign derives them from the plan, what is in the cluster and what the dry-run says;',
    'the agent says none of them. This file is made of the code: do not edit it.',
    '',
    '- Where a fact does not apply it has its **empty value**: a delete changes no replicas, so `facts.replicas.changed` is false.',
    '- Where it applies and could not be derived it is **absent**. A condition that reads it fails, and that denies.',
    '',
    ...section('Of the object at hand', objectFactSpecs),
    ...section('Of the call as a whole', callFactSpecs),
  ].join('\n')}`;

const section = (title: string, specs: readonly FactSpec[]): readonly string[] => [
  `## ${title}`,
  '',
  '| fact | type | what it says | where it applies; elsewhere it is | absent when |',
  '|---|---|---|---|---|',
  ...specs.map(
    ({ name, type, meaning, applies, empty, absentWhen }) =>
      `| \`${name}\` | ${cell(nameOf(type))} | ${cell(meaning)} | ${cell(applies)}; ${emptyInWords(type, empty)} | ${cell(absentWhen === '' ? 'never' : absentWhen)} |`,
  ),
  '',
];

function nameOf(type: FactType): string {
  if (typeof type === 'string') return type.replace(',', ', ');
  const fields = Object.entries('fields' in type ? type.fields : type.listOf);
  const members = fields.map(([name, field]) => `${name}: ${nameOf(field)}`).join(', ');
  return 'fields' in type ? `{${members}}` : `list of {${members}}`;
}

const emptyInWords = (type: FactType, empty: FactSpec['empty']): string =>
  typeof type === 'object' && 'fields' in type ? 'all members empty' : `\`${JSON.stringify(empty)}\``;

const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/</g, '&lt;');
