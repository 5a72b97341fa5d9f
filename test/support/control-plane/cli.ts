import { once } from 'node:events';
import { chmod, copyFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startControlPlane } from './start.ts';

const help = `npm run cluster: a throw-away Kubernetes cluster on this machine

Starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok on loopback, prints the path of a
kubeconfig, and stays until Ctrl-C. Then everything is stopped and removed. Pods are simulated: they become
Running and answer exec (the command runs on this machine) and logs. The first time it builds them with Go.

  npm run cluster -- [--kubeconfig FILE]

  --kubeconfig FILE   also write the kubeconfig to FILE (readable by you only)
  --json              print what there is as one line of JSON, for scripts
  --help              this text
`;

const { values } = parseArgs({
  options: { help: { type: 'boolean' }, json: { type: 'boolean' }, kubeconfig: { type: 'string' } },
});

if (values.help) {
  process.stdout.write(help);
} else {
  await run(values.kubeconfig, values.json ?? false);
}

async function run(copyTo: string | undefined, json: boolean): Promise<void> {
  const plane = await startControlPlane(process.env, (line) => process.stderr.write(`control plane: ${line}\n`));
  if (copyTo !== undefined) {
    await copyFile(plane.kubeconfigPath, copyTo);
    await chmod(copyTo, 0o600);
  }
  const { stop, ...info } = plane;
  process.stdout.write(json ? `${JSON.stringify(info)}\n` : told(copyTo ?? plane.kubeconfigPath, plane.auditLogPath));
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await stop();
}

function told(kubeconfigPath: string, auditLogPath: string | undefined): string {
  return [
    'A cluster to play with is running. In another terminal:',
    '',
    `  export KUBECONFIG=${kubeconfigPath}`,
    '  kubectl get nodes',
    '',
    ...(auditLogPath === undefined ? [] : [`Its audit log: ${auditLogPath}`]),
    'Ctrl-C stops it and removes everything.',
    '',
  ].join('\n');
}
