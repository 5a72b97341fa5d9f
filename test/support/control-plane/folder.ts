import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { type Files, filesIn, type Ports } from './arguments.ts';
import { makeCertificates } from './certificates.ts';
import { type Credential, kubeconfig } from './kubeconfig.ts';
import { kwokConfiguration, podLogFile } from './kwok-config.ts';
import {
  certificateUser,
  componentUsers,
  newToken,
  type PlainUser,
  plainUsers,
  type TestUser,
  tokenFile,
} from './users.ts';

/** Every request is a line with who, what, which object and our Audit-ID; no bodies. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** What a control plane's folder holds before anything runs. */
export interface Prepared {
  readonly files: Files;
  readonly server: string;
  readonly adminToken: string;
  readonly users: Readonly<Record<PlainUser, TestUser>>;
}

/** Writes keys, tokens, kubeconfigs and configurations into the folder, readable by its owner only. */
export async function prepareFolder(folder: string, ports: Ports): Promise<Prepared> {
  const files = filesIn(folder);
  const server = `https://127.0.0.1:${ports.apiserver}`;
  const certificates = await makeCertificates(certificateUser);
  const write = (path: string, text: string) => writeFile(path, text, { mode: 0o600 });
  const writeKubeconfig = (path: string, user: string, credential: Credential) =>
    write(path, kubeconfig(server, certificates.caCert, user, credential));

  const tokens = { admin: newToken(), controllerManager: newToken(), scheduler: newToken(), kwok: newToken() };
  const users = makeUsers();
  await write(
    files.tokens,
    tokenFile([...withTokens(tokens), ...Object.values(users).map((u) => ({ ...u, groups: [] }))]),
  );
  await write(files.auditPolicy, stringify(auditPolicy));
  await write(files.caCert, certificates.caCert);
  await write(files.caKey, certificates.caKey);
  await write(files.serverCert, certificates.serverCert);
  await write(files.serverKey, certificates.serverKey);
  await write(files.serviceAccountKey, certificates.serviceAccountKey);
  await write(files.podLog, podLogFile);
  await write(files.kwokConfig, kwokConfiguration(ports.kwok, files.podLog));

  const { admin, controllerManager, scheduler, kwok } = componentUsers;
  await writeKubeconfig(files.adminKubeconfig, admin.username, { token: tokens.admin });
  await writeKubeconfig(files.controllerManagerKubeconfig, controllerManager.username, {
    token: tokens.controllerManager,
  });
  await writeKubeconfig(files.schedulerKubeconfig, scheduler.username, { token: tokens.scheduler });
  await writeKubeconfig(files.kwokKubeconfig, kwok.username, { token: tokens.kwok });
  const client = { cert: certificates.clientCert, key: certificates.clientKey };
  await writeKubeconfig(files.certificateKubeconfig, certificateUser.user, client);
  return { files, server, adminToken: tokens.admin, users };
}

function withTokens(tokens: Record<keyof typeof componentUsers, string>) {
  const { admin, controllerManager, scheduler, kwok } = componentUsers;
  return [
    { ...admin, token: tokens.admin },
    { ...controllerManager, token: tokens.controllerManager },
    { ...scheduler, token: tokens.scheduler },
    { ...kwok, token: tokens.kwok },
  ];
}

/** @param tokenOf the token of a user, and under which name the cluster knows it */
export function makeUsers(
  tokenOf: (name: PlainUser) => TestUser = (username) => ({ username, token: newToken() }),
): Record<PlainUser, TestUser> {
  return Object.fromEntries(plainUsers.map((name) => [name, tokenOf(name)])) as Record<PlainUser, TestUser>;
}
