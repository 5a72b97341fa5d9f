import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  ErrorCode,
  ListResourcesRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { type Masked, open } from '../domain/masked.ts';

const uri = 'countersign://policy';

/** One resource: what the caller may do, so that an agent can look before it asks. */
export function offerPolicy(server: Server, text: () => Promise<Masked<string>>): void {
  server.setRequestHandler(ListResourcesRequestSchema, async () => ({
    resources: [
      {
        uri,
        name: 'policy',
        title: 'What you may do',
        description: 'The rules that concern you, in words: what flows, what waits and for whom, what is never done.',
        mimeType: 'text/plain',
      },
    ],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, async ({ params }) => {
    if (params.uri !== uri) throw new McpError(ErrorCode.InvalidParams, `There is no such resource; there is ${uri}`);
    return { contents: [{ uri, mimeType: 'text/plain', text: open(await text()) }] };
  });
}
