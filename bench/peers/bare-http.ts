/** The bare tool over Streamable HTTP, as the SDK's own examples serve it: sessions, one McpServer each, answers as event streams. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createBareServer } from './bare-server.ts';

const transports = new Map<string, StreamableHTTPServerTransport>();

async function newTransport(): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => void transports.set(id, transport),
  });
  await createBareServer().connect(transport);
  return transport;
}

const server = createServer(async (request, response) => {
  const id = request.headers['mcp-session-id'];
  const transport = (typeof id === 'string' ? transports.get(id) : undefined) ?? (await newTransport());
  await transport.handleRequest(request, response);
});
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
