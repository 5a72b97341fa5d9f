import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts';
import { isSensitiveData } from '../names.ts';
import { maskSettings } from './settings.ts';
import { nameOf, type Walker } from './walker.ts';

/** By the keys that look sensitive, and inside of the files that stand under the others. */
export function maskConfigMap(walker: Walker, map: JsonObject): Json {
  const name = nameOf(map);
  return walker.members(map, (key, value) => {
    if ((key !== 'data' && key !== 'binaryData') || !isJsonObject(value)) return walker.member(key, value, '');
    return walker.members(value, (entry, leaf) => {
      const release = entry === 'release' && (name.startsWith('sh.helm.release.') || /\.v\d+$/.test(name));
      if (isSensitiveData(entry) || release) return walker.hide(leaf, `ConfigMap ${name}/${entry}`);
      return typeof leaf === 'string' ? maskFile(walker, `ConfigMap ${name}/${entry}`, leaf) : walker.any(leaf, '');
    });
  });
}

const manifestOfSecret = /^\s*"?kind"?\s*:\s*["']?Secret["']?\s*,?\s*$|[{,]\s*"kind"\s*:\s*"Secret"/m;

/** A manifest of a Secret, a kubeconfig, settings as JSON, YAML or properties; anything else is text. */
function maskFile(walker: Walker, source: string, text: string): Json {
  if (text.length < 8) return walker.text(text);
  if (text.includes('Secret') && manifestOfSecret.test(text)) return walker.hide(text, source);
  const json = /^\s*[{[]/.test(text) ? walker.embedded(text, source) : undefined;
  return json ?? walker.changed(text, walker.cleanText(maskSettings(text)));
}
