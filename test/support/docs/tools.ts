import { z } from 'zod';
import type { AnyTool } from '../../../src/domain/tool.ts';
import { tools } from '../../../tools/index.ts';
import { type JsonSchema, row } from './json-schema.ts';

/** The table of tools for people: what each does, what it takes, and which right it stands for. */
export const toolsTable = (): string =>
  [row(['tool', 'what it does', 'input', 'right']), row(['---', '---', '---', '---']), ...tools.map(toolRow)].join(
    '\n',
  );

const toolRow = (tool: AnyTool): string => row([`\`${tool.name}\``, tool.description, inputOf(tool), rightOf(tool)]);

function inputOf(tool: AnyTool): string {
  const { properties = {}, required = [] } = z.toJSONSchema(tool.input, { io: 'input' }) as JsonSchema;
  return Object.keys(properties)
    .map((name) => `\`${name}\`${required.includes(name) ? '\\*' : ''}`)
    .join(' ');
}

function rightOf(tool: AnyTool): string {
  if (tool.kind === 'control') return 'your own approvals';
  const { verb, subresource, mutates } = tool.access;
  return `${verb}${subresource === undefined ? '' : ` …/${subresource}`}${mutates ? ', changes' : ', reads'}`;
}
