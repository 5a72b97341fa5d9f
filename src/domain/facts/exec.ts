import { stdinDigest } from '../digest.ts';
import type { Seen } from './seen.ts';
import type { ObjectFacts } from './spec.ts';

const shells = /^(?:(?:ba|da|z|k|mk|pdk|c|tc|fi|a|ra|x)?sh\d*|busybox|toybox|pwsh|powershell|cmd)$/;
/** Languages whose interpreters take a program as an argument or as their input. */
const interpreters = /^(?:python[\d.]*|perl[\d.]*|ruby[\d.]*|node(?:js)?|php[\d.]*|lua[\d.]*|[gmn]?awk|deno|bun)$/;
const asText = /^(?:-[A-Za-z]*[cerp]|--eval|--print|-)$/;
/** Programs that run another one, which stands somewhere behind. */
const wrappers =
  /^(?:env|sudo|doas|su|runuser|gosu|su-exec|setpriv|nsenter|unshare|chroot|xargs|nohup|timeout|setsid|nice|ionice|stdbuf|time|watch|flock|script|strace|find|tini|dumb-init|catchsegv|parallel)$/;

export function execOf({ request }: Seen): ObjectFacts['exec'] {
  if (request.action !== 'exec') return { argv: [], container: '', shell: false, stdin: false, stdinDigest: '' };
  const { command, container, stdin } = request;
  return {
    argv: command,
    container,
    shell: takesCommands(command, stdin !== undefined),
    stdin: stdin !== undefined,
    stdinDigest: stdinDigest(stdin),
  };
}

/** Whether the program reads commands as text, so that argv does not say what will happen. */
function takesCommands(argv: readonly string[], stdin: boolean): boolean {
  const names = argv.map(programOf);
  const [first = ''] = names;
  const candidates = wrappers.test(first) ? names.map((_, index) => index) : [0];
  return candidates.some((index) => {
    const name = names[index] ?? '';
    if (shells.test(name)) return true;
    const rest = argv.slice(index + 1);
    return (
      interpreters.test(name) &&
      (stdin || rest.length === 0 || name.endsWith('awk') || rest.some((each) => asText.test(each)))
    );
  });
}

const programOf = (word: string): string => (word.split(/[/\\]/).at(-1) ?? '').toLowerCase().replace(/\.exe$/, '');
