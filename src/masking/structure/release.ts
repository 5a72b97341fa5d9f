import { gunzipSync } from 'node:zlib';
import { isJsonObject, type Json, type JsonObject, objectAt, stringAt } from '../../domain/json.ts';
import { isPlaceholder, placeholder } from '../placeholder.ts';
import { nameOf } from './walker.ts';

/** Bytes of a release when it is unpacked to be shown: most are below one million. Unpacking holds everybody else up. */
const biggest = 4_000_000;
/** Values that are shown, lists and maps among them, and how deep: what is beyond is a placeholder. */
const mostShown = 300;
const deepest = 12;

/** The API object has no such member: it says what `data.release` holds. */
const member = 'helmRelease';

/**
 * A Secret of Helm 3 with what its release is and which values were given to the chart: their keys, and in place of each value a
 * placeholder. Manifests, notes, hooks and the chart's own files are left out. `raw`: the object as it was read; `masked`: the
 * same, masked; `clean`: masks a text. https://helm.sh/docs/topics/advanced/#storage-backends
 */
export function withRelease(raw: Json, masked: Json, clean: (text: string) => string): Json {
  if (!isJsonObject(raw) || !isJsonObject(masked) || raw.kind !== 'Secret' || raw.type !== 'helm.sh/release.v1')
    return masked;
  const packed = stringAt(raw, 'data', 'release');
  if (packed === undefined || isPlaceholder(packed)) return masked;
  const release = unpacked(packed);
  const shown =
    release === undefined
      ? `not shown: it is no release of Helm 3, or unpacks to more than ${biggest} bytes`
      : shownRelease(release, `Secret ${nameOf(raw)}/release`, clean);
  return { ...masked, [member]: shown };
}

/** base64 of the API server around base64 of Helm around gzip. */
function unpacked(packed: string): JsonObject | undefined {
  try {
    const inner = Buffer.from(packed, 'base64').toString('latin1');
    const text = gunzipSync(Buffer.from(inner, 'base64'), { maxOutputLength: biggest }).toString();
    const release: unknown = JSON.parse(text);
    return isJsonObject(release) ? release : undefined;
  } catch {
    return undefined;
  }
}

function shownRelease(release: JsonObject, source: string, clean: (text: string) => string): JsonObject {
  const { info, chart, config, version } = release;
  const texts = (from: Json | undefined, names: readonly string[]): JsonObject =>
    Object.fromEntries(
      names.flatMap((name) => {
        const text = stringAt(from, name);
        return text === undefined || text === '' ? [] : [[name, clean(text)] as const];
      }),
    );
  return {
    ...texts(release, ['name', 'namespace']),
    ...(typeof version === 'number' ? { revision: version } : {}),
    ...texts(info, ['status', 'first_deployed', 'last_deployed', 'deleted']),
    chart: texts(objectAt(chart, 'metadata'), ['name', 'version', 'appVersion']),
    config: new Keys(source, clean).of(config ?? {}),
  };
}

/** An object with a placeholder for each of its leaves. */
class Keys {
  #left = mostShown;
  readonly #placeholder: string;
  readonly #clean: (text: string) => string;

  constructor(source: string, clean: (text: string) => string) {
    this.#placeholder = placeholder(source);
    this.#clean = clean;
  }

  of(value: Json, depth = 0): Json {
    if (this.#left <= 0 || depth > deepest) return this.#placeholder;
    this.#left -= 1;
    if (Array.isArray(value)) return value.length === 0 ? [] : value.map((each: Json) => this.of(each, depth + 1));
    if (isJsonObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([key, below]) => [this.#clean(key), this.of(below, depth + 1)]),
      );
    return this.#placeholder;
  }
}
