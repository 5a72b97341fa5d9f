import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../src/domain/json.ts';

const folder = join(import.meta.dirname, '../../docs/kubernetes');

export interface Manifest extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Every object of docs/kubernetes with the file that it stands in. */
export const documentedManifests = (): readonly { readonly file: string; readonly object: Manifest }[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8')).flatMap((document) => {
        const object = document.toJS() as Manifest | null;
        return object === null ? [] : [{ file, object }];
      }),
    );
