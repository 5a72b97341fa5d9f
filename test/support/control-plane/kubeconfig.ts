import { stringify } from 'yaml';

/** A user of a kubeconfig: a bearer token, or a client certificate and its key in PEM. */
export type Credential = { readonly token: string } | { readonly cert: string; readonly key: string };

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** The YAML of a kubeconfig with one context, `countersign-test`; the authority is in it, never "insecure". */
export function kubeconfig(server: string, caCert: string, user: string, credential: Credential): string {
  const name = 'countersign-test';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(caCert) } }],
    users: [
      {
        name: user,
        user:
          'token' in credential
            ? { token: credential.token }
            : {
                'client-certificate-data': base64(credential.cert),
                'client-key-data': base64(credential.key),
              },
      },
    ],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
  });
}
