import { generateKeyPairSync } from 'node:crypto';
import { generate } from 'selfsigned';

/** PEM texts; `clientCert` belongs to a user of its own, in the given group. */
export interface Certificates {
  readonly caCert: string;
  readonly caKey: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly serviceAccountKey: string;
}

const ec = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/**
 * One authority for the API server's certificate (127.0.0.1 and localhost) and for a client certificate, so
 * that nothing in the tests ever connects without verifying.
 */
export async function makeCertificates(client: { user: string; group: string }): Promise<Certificates> {
  const ca = await generate([{ name: 'commonName', value: 'countersign-test-ca' }], {
    ...ec,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const signedBy = { ...ec, ca: { key: ca.private, cert: ca.cert } };
  const server = await generate([{ name: 'commonName', value: 'countersign-test-apiserver' }], {
    ...signedBy,
    extensions: [
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  const person = await generate(
    [
      { name: 'organizationName', value: client.group },
      { name: 'commonName', value: client.user },
    ],
    {
      ...signedBy,
      extensions: [
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', clientAuth: true },
      ],
    },
  );
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    caCert: ca.cert,
    caKey: ca.private,
    serverCert: server.cert,
    serverKey: server.private,
    clientCert: person.cert,
    clientKey: person.private,
    serviceAccountKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
}
