import type { Json } from '../../domain/json.ts';
import { awaitsValue, maskArgument } from '../patterns.ts';
import type { Walker } from './walker.ts';

export const argumentLists: ReadonlySet<string> = new Set([
  ...['args', 'command', 'cmd', 'arguments', 'entrypoint', 'extraArgs'],
]);

/** What a program is started with: `--password=x`, or `x` as the argument after its flag. */
export function maskArguments(walker: Walker, list: readonly Json[]): Json {
  return walker.elements(list, (each, index) => {
    if (typeof each !== 'string') return walker.any(each, '');
    const before = list[index - 1];
    const flag = typeof before === 'string' ? awaitsValue(before) : undefined;
    if (flag !== undefined && !each.startsWith('-')) return walker.hide(each, `argument ${flag}`);
    return walker.changed(each, walker.cleanText(maskArgument(each)));
  });
}
