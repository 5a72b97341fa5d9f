/**
 * What Countersign's `get` is measured against: the tool that anybody writes with the MCP SDK, without identity, policy,
 * masking or log. Same pool, same request, and the object comes back as the same kind of text.
 */
import { readFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { Pool } from 'undici';
import { z } from 'zod';

const access: { server: string; ca: string; token?: string; cert?: string; key?: string } = JSON.parse(
  readFileSync(process.env.BARE_ACCESS ?? '', 'utf8'),
);
const pool = new Pool(access.server, {
  connections: 32,
  pipelining: 1,
  connect: {
    timeout: 3_000,
    ca: access.ca,
    ...(access.cert === undefined || access.key === undefined ? {} : { cert: access.cert, key: access.key }),
  },
  keepAliveTimeout: 60_000,
});
const headers = {
  accept: 'application/json',
  ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
};

/** A server with the one tool; each session over HTTP has its own. */
export function createBareServer(): McpServer {
  const server = new McpServer({ name: 'bare', version: '1.0.0' });
  server.registerTool(
    'get',
    {
      title: 'Read a pod',
      description: 'Read a pod',
      inputSchema: { resource: z.enum(['pods', 'configmaps']), name: z.string(), namespace: z.string() },
    },
    async ({ resource, name, namespace }) => {
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`;
      const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
      const object = JSON.parse(await body.text());
      if (statusCode !== 200) return { isError: true, content: [{ type: 'text', text: JSON.stringify(object) }] };
      delete object.metadata.managedFields;
      return { content: [{ type: 'text', text: JSON.stringify(object) }] };
    },
  );
  return server;
}
