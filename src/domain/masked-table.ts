import { isJsonObject, type Json, listAt, numberAt, stringAt } from './json.ts';
import { type Masked, open, seal } from './seal.ts';

/**
 * A Table of meta.k8s.io/v1 as text, columns padded: those of priority 0, or all with `wide`. NAMESPACE is added where rows
 * carry one and `namespaces` asks for it.
 */
export function tableText(
  masked: Masked<Json>,
  options: { readonly wide: boolean; readonly namespaces: boolean },
): Masked<string> {
  const table = open(masked);
  const columns = listAt(table, 'columnDefinitions').map((column, index) => ({
    index,
    name: (stringAt(column, 'name') ?? '').toUpperCase(),
    priority: numberAt(column, 'priority') ?? 0,
  }));
  const shown = columns.filter(({ priority }) => options.wide || priority === 0);
  const rows = listAt(table, 'rows').map((row) => {
    const cells = listAt(row, 'cells');
    const own = shown.map(({ index }) => cellText(cells[index]));
    return options.namespaces ? [stringAt(row, 'object', 'metadata', 'namespace') ?? '', ...own] : own;
  });
  const head = options.namespaces ? ['NAMESPACE', ...shown.map(({ name }) => name)] : shown.map(({ name }) => name);
  return seal(padded([head, ...rows]));
}

const cellText = (cell: Json | undefined): string => {
  if (cell === undefined || cell === null) return '<none>';
  const text = typeof cell === 'string' ? cell : JSON.stringify(cell);
  return text.replace(/\s+/g, ' ');
};

function padded(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** How many rows a Table, or items a List, has. */
export const countOf = (masked: Masked<Json>): number => {
  const value = open(masked);
  return isJsonObject(value) && Array.isArray(value.rows) ? value.rows.length : listAt(value, 'items').length;
};

/** The continue token and what remains, of a List or Table: the server's words about paging, not data of objects. */
export function paging(masked: Masked<Json>): {
  readonly token: string | undefined;
  readonly remaining: number | undefined;
} {
  const value = open(masked);
  const token = stringAt(value, 'metadata', 'continue');
  return { token: token === '' ? undefined : token, remaining: numberAt(value, 'metadata', 'remainingItemCount') };
}
