import { z } from 'zod';
import { CountersignError } from './errors.ts';
import type { AnyTool } from './tool.ts';

/** The clusters that a call can name, where there are several. */
export interface Contexts {
  readonly names: readonly string[];
  /** Where a read goes that names none; undefined: it must name one. A change always must. */
  readonly forReads: string | undefined;
}

/**
 * With several clusters every tool that goes to one takes `context`, an enum of their names; with one cluster the tools stay
 * as they are. `approval` takes none: an approval goes on in its own cluster.
 */
export function withContexts(tools: readonly AnyTool[], { names, forReads }: Contexts): readonly AnyTool[] {
  if (names.length < 2) return tools;
  const context = z.enum(names).describe('Which cluster');
  return tools.map((tool) => {
    if (tool.kind === 'control') return tool;
    const field = tool.access.mutates || forReads === undefined ? context : context.default(forReads);
    if (!(tool.input instanceof z.ZodObject)) throw new CountersignError('Internal', `${tool.name} takes no fields`);
    return { ...tool, input: tool.input.extend({ context: field }) };
  });
}
