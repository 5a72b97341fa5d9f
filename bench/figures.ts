/** One measured number; with a target it is one of those that the product is held to. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `<= 1.25` or `>= 0.75`; undefined: told, and held to nothing. */
  readonly target?: `${'<=' | '>='} ${number}`;
  /** For people: what it is, with its unit. */
  readonly says: string;
}

const isMet = ({ value, target }: Figure): boolean | undefined => {
  if (target === undefined) return undefined;
  const [relation, bound] = target.split(' ');
  return relation === '<=' ? value <= Number(bound) : value >= Number(bound);
};

const rounded = (value: number): number => Number(value.toPrecision(4));

/** The table for people, and the last line for programs. @returns whether every target is met */
export function printFigures(bench: string, figures: readonly Figure[]): boolean {
  const rows = figures.map((figure) => [
    figure.name,
    String(rounded(figure.value)),
    figure.target ?? '',
    { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(figure)) as 'true' | 'false' | 'undefined'],
    figure.says,
  ]);
  const all = [['figure', 'value', 'target', '', 'what it is'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  for (const row of all) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const said = figures.map((figure) => ({
    name: figure.name,
    value: rounded(figure.value),
    ...(figure.target === undefined ? {} : { target: figure.target, met: isMet(figure) }),
  }));
  console.log(`\n${JSON.stringify({ bench, figures: said })}`);
  return figures.every((figure) => isMet(figure) !== false);
}

/** The smallest value that at least this share of all are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (found === undefined) throw new Error('nothing was measured');
  return found;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
