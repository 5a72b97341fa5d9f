/** The bare tool over stdio. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { createBareServer } from './bare-server.ts';

await createBareServer().connect(new StdioServerTransport());
