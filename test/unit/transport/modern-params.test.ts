import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/domain/json.ts';
import { mirroredParams, mismatchedParam } from '../../../src/transport/http/modern-params.ts';
import { headerText, headerValue } from '../../../src/transport/modern-headers.ts';

const inputSchema: JsonObject = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    query: { type: 'string' },
    options: { type: 'object', properties: { priority: { type: 'integer', 'x-mcp-header': 'Priority' } } },
    force: { type: 'boolean', 'x-mcp-header': 'Force' },
    items: { type: 'array', items: { type: 'object', properties: { no: { type: 'string', 'x-mcp-header': 'No' } } } },
  },
};
const mirrored = mirroredParams([
  { name: 'marked', inputSchema },
  { name: 'plain', inputSchema: { type: 'object', properties: { query: { type: 'string' } } } },
]);

function differs(input: Json | undefined, headers: Readonly<Record<string, readonly string[]>> = {}) {
  return mismatchedParam(mirrored.get('marked') ?? [], headers, input);
}

describe('arguments that a tool wants repeated in headers', () => {
  it('are those that are marked, reached by properties alone', () => {
    expect([...mirrored.keys()]).toEqual(['marked']);
    expect(mirrored.get('marked')).toEqual([
      { header: 'mcp-param-region', path: ['region'] },
      { header: 'mcp-param-priority', path: ['options', 'priority'] },
      { header: 'mcp-param-force', path: ['force'] },
    ]);
  });

  it('must be there, once, and say the same', () => {
    expect(differs({ region: 'us' }, { 'mcp-param-region': ['us'] })).toBeUndefined();
    expect(differs({ region: 'us' })).toBe('mcp-param-region');
    expect(differs({ region: 'us' }, { 'mcp-param-region': ['eu'] })).toBe('mcp-param-region');
    expect(differs({ region: 'us' }, { 'mcp-param-region': ['us', 'us'] })).toBe('mcp-param-region');
    expect(differs({ region: { in: 'us' } }, { 'mcp-param-region': ['[object Object]'] })).toBe('mcp-param-region');
  });

  it('must not be there without an argument', () => {
    expect(differs({ query: 'any' })).toBeUndefined();
    expect(differs({ region: null })).toBeUndefined();
    expect(differs(undefined)).toBeUndefined();
    for (const input of [{}, { region: null }, undefined])
      expect(differs(input, { 'mcp-param-region': ['us'] })).toBe('mcp-param-region');
  });

  it('are compared as numbers and truth values where they are such', () => {
    for (const text of ['42', '42.0', '4.2e1'])
      expect(differs({ options: { priority: 42 } }, { 'mcp-param-priority': [text] })).toBeUndefined();
    for (const text of ['', '0x2a', '43', 'NaN'])
      expect(differs({ options: { priority: 42 } }, { 'mcp-param-priority': [text] })).toBe('mcp-param-priority');
    expect(differs({ options: { priority: 0 } }, { 'mcp-param-priority': [''] })).toBe('mcp-param-priority');
    expect(differs({ force: true }, { 'mcp-param-force': ['true'] })).toBeUndefined();
    expect(differs({ force: false }, { 'mcp-param-force': ['False'] })).toBe('mcp-param-force');
  });
});

describe('the text that a header carries', () => {
  it('comes back as it went', () => {
    for (const text of ['us-west1', ' padded ', 'Hallo, Welt: ä', 'a\nb', '=?base64?literal?=', '=?base64?SGVsbG8='])
      expect(headerValue(headerText(text))).toBe(text);
  });

  it('is nothing where no sender may have written it', () => {
    const malformed = [
      '=?base64?SGVsbG8?=',
      '=?base64?SGVs!!!bG8=?=',
      '=?base64?SGVsbG9=?=',
      '=?base64?_w==?=',
      '=?base64?/w==?=',
    ];
    for (const header of [...malformed, 'caf\u00e9', 'a\u0001b', undefined, ['get', 'get']])
      expect([header, headerValue(header)]).toEqual([header, undefined]);
  });
});
