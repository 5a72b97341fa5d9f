import { spawn } from 'node:child_process';

type Env = Readonly<Record<string, string | undefined>>;

/** Opens an address, of which the caller knows that it is http(s), in the browser of this user: `$BROWSER`, else that of the desktop. No shell reads it. */
export function openBrowser(url: URL, env: Env): void {
  const [command, ...args] = opener(env);
  const child = spawn(command, [...args, url.href], { stdio: 'ignore', detached: true, env });
  // Without a browser the person has the address all the same.
  child.on('error', () => undefined);
  child.unref();
}

function opener({ BROWSER }: Env): readonly [string, ...string[]] {
  if (BROWSER !== undefined && BROWSER !== '') return [BROWSER];
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}
