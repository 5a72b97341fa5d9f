import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { CountersignError, invalid } from '../domain/errors.ts';
import { isJsonObject, type JsonObject } from '../domain/json.ts';
import { packageRoot } from '../package.ts';
import { type ClientName, clients, type McpClientKind } from './clients.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { serverAddress } from './server-address.ts';

export interface InitOptions {
  readonly client: ClientName;
  readonly config?: string;
  readonly sandbox?: boolean;
  /** A server elsewhere: the entry is a bridge to it. */
  readonly url?: string;
  readonly write?: boolean;
  readonly file?: string;
  readonly json?: boolean;
}

/** Prints the entry that makes a client start this server; with `write` puts it beside what is in the client's file. */
export async function init(options: InitOptions, io: Io): Promise<ExitCode> {
  const client = clients[options.client];
  const file = options.file === undefined ? client.file(io.env) : resolve(options.file);
  const entry = client.entry(...programFor(options));
  const shown = { [client.member]: { countersign: entry } };
  const written = options.write === true ? await writeEntry(file, client, entry) : undefined;
  if (options.json === true)
    json(io, { client: options.client, file, entry: shown, written: written ?? false, rules: client.rules });
  else for (const text of report(client, file, shown, written, options)) line(io, text);
  return 0;
}

/** An installed package is found by npx; a checkout is started where it is. */
function programFor(options: InitOptions): [command: string, args: readonly string[]] {
  const args = argumentsFor(options);
  const installed = packageRoot.split(sep).includes('node_modules');
  return installed
    ? ['npx', ['-y', 'countersign', ...args]]
    : [process.execPath, [join(packageRoot, 'dist', 'countersign.cjs'), ...args]];
}

function argumentsFor({ config, sandbox, url }: InitOptions): readonly string[] {
  if (url === undefined)
    return [
      'serve',
      ...(config === undefined ? [] : ['--config', resolve(config)]),
      ...(sandbox === true ? ['--sandbox'] : []),
    ];
  if (config !== undefined || sandbox === true)
    throw invalid(
      '--url names a server elsewhere, which has a configuration of its own',
      'leave out --config and --sandbox',
    );
  return ['connect', serverAddress(url).href];
}

type Written = 'written' | 'it was there already';

async function writeEntry(file: string, client: McpClientKind, entry: object): Promise<Written> {
  const content = await readEntries(file);
  const servers = isJsonObject(content[client.member]) ? (content[client.member] as JsonObject) : {};
  const there = servers.countersign;
  if (there !== undefined && JSON.stringify(there) !== JSON.stringify(entry)) {
    throw new CountersignError('Conflict', `${file} has another entry "countersign"`, {
      hint: 'remove it, then run this again; nothing was changed',
    });
  }
  if (there !== undefined) return 'it was there already';
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    `${JSON.stringify({ ...content, [client.member]: { ...servers, countersign: entry } }, null, 2)}\n`,
  );
  return 'written';
}

async function readEntries(file: string): Promise<JsonObject> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '{}';
    throw cause;
  });
  try {
    const content: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    if (isJsonObject(content)) return content;
  } catch {
    // Told below, as for a file that holds something else than an object.
  }
  throw new CountersignError('Conflict', `${file} is not plain JSON (comments, perhaps), so it is not touched`, {
    hint: 'paste the entry that this command prints without --write',
  });
}

function report(
  client: McpClientKind,
  file: string,
  shown: object,
  written: Written | undefined,
  options: InitOptions,
): readonly string[] {
  return [
    written === undefined
      ? `For ${client.title}, in ${file} (or add --write):`
      : `${client.title}: ${file}: ${written}.`,
    '',
    JSON.stringify(shown, null, 2),
    '',
    'An agent that has a shell and a kubeconfig can go around every server. Keep it from plain kubectl:',
    ...client.rules,
    ...nextSteps(options),
  ];
}

function nextSteps({ config, sandbox, url }: InitOptions): readonly string[] {
  if (url !== undefined) return ['', `Then sign in once at a terminal: countersign connect --login ${url}`];
  return config === undefined && sandbox !== true ? ['', ...firstConfiguration] : [];
}

const firstConfiguration = [
  'This entry names no configuration. Try it with --sandbox; for a cluster write a countersign.yaml and name it with --config:',
  '',
  '  clusters:',
  '    my-cluster: {kubeconfig: ~/.kube/config, context: my-context}',
  '  isolation: accept-same-user      # whoever has a shell as this user can read state and credentials',
  '  people:',
  '    - {id: you@example.com, osUsers: [you]}',
  '  approvals: {local: enabled}      # whoever has a shell as this user can approve',
  '',
  'Then run: countersign doctor --config countersign.yaml',
];
