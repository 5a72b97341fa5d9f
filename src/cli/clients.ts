import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type ClientName = 'claude' | 'vscode' | 'cursor' | 'desktop' | 'copilot';

export interface McpClientKind {
  readonly title: string;
  /** Where this client keeps its servers. */
  readonly file: (env: Readonly<Record<string, string | undefined>>) => string;
  /** The member that holds them: VS Code is the one that says `servers`. */
  readonly member: 'servers' | 'mcpServers';
  readonly entry: (command: string, args: readonly string[]) => Readonly<Record<string, unknown>>;
  /** What keeps the agent from going around with a shell: lines for people. */
  readonly rules: readonly string[];
}

const plain = (command: string, args: readonly string[]) => ({ command, args });
const typed =
  (type: string, more: object = {}) =>
  (command: string, args: readonly string[]) => ({ type, command, args, ...more });

/** Claude Desktop's folder, by platform. */
function desktopFile(env: Readonly<Record<string, string | undefined>>): string {
  const name = ['Claude', 'claude_desktop_config.json'] as const;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', ...name);
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), ...name);
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), ...name);
}

export const clients: Readonly<Record<ClientName, McpClientKind>> = {
  claude: {
    title: 'Claude Code',
    file: () => resolve('.mcp.json'),
    member: 'mcpServers',
    entry: typed('stdio'),
    rules: [
      'In .claude/settings.json (or the managed settings of your organisation, which a user cannot lift):',
      '  {"permissions": {"deny": ["Bash(kubectl:*)", "Bash(helm:*)", "Bash(oc:*)", "Read(~/.kube/**)"]}}',
    ],
  },
  vscode: {
    title: 'VS Code',
    file: () => resolve('.vscode', 'mcp.json'),
    member: 'servers',
    entry: typed('stdio'),
    rules: [
      'In .vscode/settings.json, so that a terminal command of these is never run unasked:',
      '  {"chat.tools.terminal.autoApprove": {"kubectl": false, "helm": false, "oc": false}}',
    ],
  },
  cursor: {
    title: 'Cursor',
    file: () => resolve('.cursor', 'mcp.json'),
    member: 'mcpServers',
    entry: plain,
    rules: [
      'In .cursor/cli.json:',
      '  {"permissions": {"deny": ["Shell(kubectl)", "Shell(helm)", "Shell(oc)", "Read(~/.kube/**)"]}}',
    ],
  },
  desktop: {
    title: 'Claude Desktop',
    file: desktopFile,
    member: 'mcpServers',
    entry: plain,
    rules: [
      'Claude Desktop has no shell of its own; do not add a server that gives it one on a machine with a kubeconfig.',
    ],
  },
  copilot: {
    title: 'GitHub Copilot CLI',
    file: (env) => join(env.COPILOT_HOME ?? join(homedir(), '.copilot'), 'mcp-config.json'),
    member: 'mcpServers',
    entry: typed('local', { tools: ['*'] }),
    rules: ["Start it with:  copilot --deny-tool 'shell(kubectl)' --deny-tool 'shell(helm)' --deny-tool 'shell(oc)'"],
  },
};
