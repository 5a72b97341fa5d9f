const mostCauses = 3;

/**
 * What is told of a fault that nobody foresaw. Its message may quote anything that was at hand, so it is shown only as `mask`
 * leaves it; the places in the code are always.
 */
export function crashText(thrown: unknown, mask?: (text: string) => string): string {
  const lines: string[] = [];
  let here = thrown;
  for (let depth = 0; depth <= mostCauses && (depth === 0 || here !== undefined); depth++) {
    lines.push(`${depth === 0 ? 'countersign: crashed' : 'caused by'}: ${headOf(here, mask)}`, ...placesOf(here));
    here = here instanceof Error ? here.cause : undefined;
  }
  return `${lines.join('\n')}\n`;
}

function headOf(thrown: unknown, mask: ((text: string) => string) | undefined): string {
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  const code = thrown instanceof Error && 'code' in thrown ? ` ${String(thrown.code)}` : '';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return `${kind}${code}: ${shown(message, mask)}`;
}

/** A mask that fails may be why it crashes. */
function shown(message: string, mask: ((text: string) => string) | undefined): string {
  try {
    if (mask !== undefined) return mask(message);
  } catch {
    // As if there were none.
  }
  return '(what it says could not be masked, so it is left out)';
}

/** A message can have lines that look like places. */
function placesOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error) || thrown.stack === undefined) return [];
  const { message, stack } = thrown;
  const end = message === '' ? 0 : stack.indexOf(message) + message.length;
  return stack
    .slice(end)
    .split('\n')
    .filter((line) => /^ {4}at \S/.test(line));
}
