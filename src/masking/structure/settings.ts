import { isSensitiveMember } from '../names.ts';
import { placeholder } from '../placeholder.ts';

/** `name: value` of YAML, `name = value` of properties and INI, `export NAME=value` of a shell. */
const setting = /^([ \t]*(?:- +|export +)?(["']?)([A-Za-z_][\w.-]{0,80})\2[ \t]*[:=][ \t]*)(\S.*)$/;
/** Of a kubeconfig: the key of a client's certificate, whose name says nothing to people either. */
const clientKey = 'client-key-data';
const blockScalar = /^[|>][-+0-9]*[ \t]*(?:#.*)?$/;
/** Nothing, where a value comes from, or what stands for one. */
const notAValue =
  /^(?:""|''|\{\}|\[\]|~|null|none|true|false|\d{1,5})[ \t]*,?$|^(?:[&*!#/$%<{]|\[|file:|env:|https?:|["'](?:[/$<{%]|\[masked ))/i;
const maybe = /passw|passphrase|passcode|credential|secret|token|dsn|key|conn/i;

const isSensitive = (name: string): boolean => name === clientKey || isSensitiveMember(name);

/**
 * Settings in a text, line by line: what stands behind a name that says that it holds a secret, and the lines of a block below
 * it. Names that only say where a secret lies are not such.
 */
export function maskSettings(text: string): string {
  if (!maybe.test(text)) return text;
  const lines = text.split('\n');
  let changed = false;
  for (let index = 0; index < lines.length; index++) {
    const [, head = '', , name = '', value = ''] = setting.exec(lines[index] as string) ?? [];
    if (name === '' || !isSensitive(name)) continue;
    if (blockScalar.test(value)) {
      const last = endOfBlock(lines, index);
      if (last > index) {
        const inner = /^[ \t]*/.exec(lines[index + 1] as string)?.[0] ?? '';
        lines.splice(index + 1, last - index, `${inner}${placeholder(`setting ${name}`)}`);
        changed = true;
      }
    } else if (!notAValue.test(value) && !value.startsWith('[masked ')) {
      lines[index] = `${head}${placeholder(`setting ${name}`)}${/,[ \t]*$/.test(value) ? ',' : ''}`;
      changed = true;
    }
  }
  return changed ? lines.join('\n') : text;
}

const depth = (line: string): number => line.length - line.trimStart().length;

/** The last line that is further in than the one that begins the block; a placeholder alone is left as it is. */
function endOfBlock(lines: readonly string[], start: number): number {
  const outer = depth(lines[start] as string);
  let last = start;
  for (let index = start + 1; index < lines.length; index++) {
    const line = lines[index] as string;
    if (line.trim() === '') continue;
    if (depth(line) <= outer) break;
    last = index;
  }
  const alone = last === start + 1 && /^\s*\[masked [^[\]]*\]\s*$/.test(lines[last] as string);
  return alone ? start : last;
}
