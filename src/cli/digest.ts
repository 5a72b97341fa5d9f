import { readFile } from 'node:fs/promises';
import { loadConfig, stateRoot } from '../config.ts';
import { manifestDigest } from '../domain/digest.ts';
import { CountersignError } from '../domain/errors.ts';
import { type JsonObject, stringAt } from '../domain/json.ts';
import { parseManifest } from '../domain/manifest.ts';
import { createMasker } from '../masking/masker.ts';
import { compilePatterns } from '../masking/patterns-own.ts';
import { openState } from '../state/state.ts';
import { systemClock, systemRandom } from '../system.ts';
import { OfflineKinds } from './digest-kinds.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { createLog } from './log.ts';

export interface DigestOptions {
  readonly config?: string;
  /** Files with CustomResourceDefinitions. */
  readonly crd?: readonly string[];
  readonly json?: boolean;
}

/** The manifestDigest of each document, as cards and the audit log have it; the values of Secrets enter keyed by the state directory. */
export async function digest(file: string, options: DigestOptions, io: Io): Promise<ExitCode> {
  const { documents, notes: said } = parseManifest(await readText(file, io));
  const kinds = new OfflineKinds([...documents, ...(await documentsIn(options.crd ?? [], io))]);
  const log = createLog(io.stderr, io.env.COUNTERSIGN_LOG);
  const { config } = await loadConfig(options.config, io.env);
  const patterns = await compilePatterns(config.masking.patterns);
  const masker = createMasker({ config: config.masking, patterns, log });
  const state = await openState({ root: stateRoot(config, io.env), clock: systemClock, random: systemRandom, log });
  try {
    const rows = documents.map((document) => ({
      object: nameOf(document),
      digest: manifestDigest(document, masker.sensitivePaths(kinds.of(document), document), state.keyed),
    }));
    const notes = [...said, ...unknownKinds(documents.filter((document) => !kinds.knows(document)))];
    if (options.json === true) json(io, { documents: rows, notes });
    else for (const row of rows) line(io, `${row.digest}  ${row.object}`);
    for (const note of options.json === true ? [] : notes) io.stderr.write(`note: ${note}\n`);
    return 0;
  } finally {
    await state.close();
  }
}

async function readText(file: string, io: Io): Promise<string> {
  if (file !== '-') {
    return readFile(file, 'utf8').catch((cause: unknown) => {
      throw new CountersignError('Invalid', `${file} cannot be read`, {
        hint: 'name a manifest, or - for stdin',
        cause,
      });
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

const nameOf = (document: JsonObject): string =>
  [stringAt(document, 'kind'), stringAt(document, 'metadata', 'namespace'), stringAt(document, 'metadata', 'name')]
    .filter((part) => part !== undefined)
    .join('/');

async function documentsIn(files: readonly string[], io: Io): Promise<readonly JsonObject[]> {
  const parsed = await Promise.all(files.map(async (file) => parseManifest(await readText(file, io)).documents));
  return parsed.flat();
}

/** What a definition declares to be a password is keyed in the digest that a server makes. */
const unknownKinds = (documents: readonly JsonObject[]): readonly string[] =>
  documents.map(
    (document) =>
      `${nameOf(document)} is of a kind that is not built in: name the file of its definition with --crd, if that declares passwords`,
  );
