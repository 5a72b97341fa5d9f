import { describe, expect, it } from 'vitest';
import { withContexts } from '../../../src/domain/contexts.ts';
import { parseInput } from '../../../src/domain/input.ts';
import { publish } from '../../../src/transport/schema.ts';
import { tools } from '../../../tools/index.ts';

const several = { names: ['shop-prod', 'shop-test'], forReads: undefined };
const toolOf = (name: string, contexts: Parameters<typeof withContexts>[1]) => {
  const found = withContexts(tools, contexts).find((tool) => tool.name === name);
  if (found === undefined) throw new Error(`no tool ${name}`);
  return found;
};

describe('with one cluster', () => {
  it('leaves every tool as it is', () => {
    expect(withContexts(tools, { names: ['shop-prod'], forReads: undefined })).toBe(tools);
    expect(() =>
      parseInput(toolOf('get', { names: [], forReads: undefined }), { resource: 'pods', context: 'x' }),
    ).toThrow('Unknown field "context"');
  });
});

describe('with several clusters', () => {
  it('publishes an enum on every tool that goes to one, and none on approval', () => {
    for (const tool of withContexts(tools, several)) {
      const { inputSchema } = publish(tool, '');
      const context = (inputSchema.properties as Record<string, unknown>).context;
      if (tool.kind === 'control') expect(context, tool.name).toBeUndefined();
      else {
        expect(context, tool.name).toEqual({
          type: 'string',
          enum: ['shop-prod', 'shop-test'],
          description: 'Which cluster',
        });
        expect(inputSchema.required, tool.name).toContain('context');
        expect(inputSchema.additionalProperties).toBe(false);
      }
    }
  });

  it('requires it of reads too unless the configuration names a cluster for them, and of changes always', () => {
    const read = { resource: 'pods' };
    const change = { resource: 'deploy', name: 'web', replicas: 1, reason: 'r' };
    expect(() => parseInput(toolOf('get', several), read)).toThrow('"context"');
    expect(() => parseInput(toolOf('scale', several), change)).toThrow('"context"');
    const named = { ...several, forReads: 'shop-test' };
    expect(parseInput(toolOf('get', named), read)).toMatchObject({ context: 'shop-test' });
    expect(parseInput(toolOf('get', named), { ...read, context: 'shop-prod' })).toMatchObject({ context: 'shop-prod' });
    expect(() => parseInput(toolOf('scale', named), change)).toThrow('"context"');
    expect(() => parseInput(toolOf('get', named), { ...read, context: 'kube-prod' })).toThrow('"context"');
  });
});
