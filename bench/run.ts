import { release } from 'node:os';
import { bundled } from './bundled.ts';
import { type Figure, printFigures } from './figures.ts';

const help = `npm run bench -- masking | call | start | list | policy | approvals | http | audit

  call    a governed get of one pod beside a bare MCP tool, on a real API server
  start   from spawn to the answer to initialize, and memory when idle
  list    5,000 objects through the get tool: memory, and bytes to the agent
  masking 1 MB of log with 500 known values in all encodings, hostile texts, streams, objects; two packages beside it
  policy  decisions by 1,000 rules with conditions, and by the shipped bundle
  approvals  2,000 calls of 400 principals held at once; from a vote to the result; 10,000 stored records
  http    a governed get over Streamable HTTP beside a bare tool on the same transport; idle sessions; growth
  audit   durable appends; verify and query over 1,000,000 lines; an exec that is recorded

Prints a table, and as its last line the figures as JSON. Exit code 1 when a target is missed.
call, list and http use the cluster of the tests, or COUNTERSIGN_TEST_KUBECONFIG. bench/README.md says how to read the figures.
`;

const benches: Readonly<Record<string, () => Promise<() => Promise<readonly Figure[]>>>> = {
  call: async () => (await import('./call.ts')).benchCall,
  start: async () => (await import('./start.ts')).benchStart,
  list: async () => (await import('./list.ts')).benchList,
  masking: async () => () => bundled('masking', 'benchMasking'),
  policy: async () => () => bundled('policy', 'benchPolicy'),
  http: async () => (await import('./http.ts')).benchHttp,
  audit: async () => async () => [
    ...(await bundled('audit', 'benchAudit')),
    ...(await bundled('recording', 'benchRecording')),
  ],
  approvals: async () => () => bundled('approvals', 'benchApprovals'),
};

const [name = '--help', ...rest] = process.argv.slice(2);
const load = benches[name];
if (name === '--help' || rest.includes('--help')) process.stdout.write(help);
else if (load === undefined || rest.length > 0) {
  process.stderr.write(`${help}\nThere is no bench ${JSON.stringify([name, ...rest].join(' '))}.\n`);
  process.exitCode = 2;
} else {
  const figures = await (await load())();
  console.log(`${name}: Node ${process.version}, ${process.platform} ${release()}, ${process.arch}\n`);
  process.exitCode = printFigures(name, figures) ? 0 : 1;
}
