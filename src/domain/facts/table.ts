import { callFactSpecs, objectFactSpecs } from './spec.ts';
import type { FactFields, FactSpec, FactType } from './specs/type.ts';

/** The page that people read when they write a rule: all facts, from the specifications that conditions are checked against. */
export const factsPage = (): string => `${head}
## Of the object

A rule is judged for each object of a call, with that object's facts.

${tableOf(objectFactSpecs)}
## Of the call

The same for each of its objects.

${tableOf(callFactSpecs)}`;

const head = `# Facts

<!-- Generated from src/domain/facts/specs; \`npx vitest run -u test/unit/docs/facts.test.ts\` writes it again. -->

What a condition reads as \`facts.<name>\`. The server derives them from the plan, from the object as it is, and from what the
API server's dry-run says it will be; nothing is taken from the agent's word. Where the submitted manifest and the dry-run
differ, the stricter counts. What could not be tried (\`effectUnknown\`) is judged by the manifest alone.

Where a fact does not apply it has its **empty** value. Where it should be there and could not be derived it is **absent**: a
condition that reads it errors, and an error is a deny. There are no defaults.
`;

function tableOf(specs: readonly FactSpec[]): string {
  const rows = specs.map(({ name, type, meaning, applies, empty, absentWhen }) => {
    const value =
      typeof empty === 'object' && !Array.isArray(empty) && typeof type === 'object' ? '' : code(JSON.stringify(empty));
    return [
      code(name),
      typeText(type),
      meaning,
      applies,
      value || 'all empty',
      absentWhen === '' ? 'never' : absentWhen,
    ];
  });
  const lines = [
    ['Fact', 'Type', 'Meaning', 'Applies to', 'Empty', 'Absent when'],
    Array.from({ length: 6 }, () => '---'),
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('');
}

const code = (text: string): string => `\`${text}\``;

function typeText(type: FactType): string {
  if (typeof type === 'string') return code(type);
  return 'fields' in type ? `object: ${fieldsText(type.fields)}` : `list of: ${fieldsText(type.listOf)}`;
}

const fieldsText = (fields: FactFields): string =>
  Object.entries(fields)
    .map(([name, type]) => (typeof type === 'string' ? code(`${name}: ${type}`) : `${code(name)} (${typeText(type)})`))
    .join(', ');
