import type { SignatureV4 } from '@smithy/signature-v4';
import type { RoleCredentials } from './aws.ts';

/** Seconds that stand in the URL, as the AWS command line has it; EKS goes by the time of signing. */
const urlSeconds = 60;

/**
 * A bearer token for EKS: a presigned GetCallerIdentity URL that names the cluster in a signed header. Good for 15 minutes
 * after it was signed, and no longer than its session. Nothing is sent.
 * https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
 */
export async function eksToken(
  { cluster, region }: { readonly cluster: string; readonly region: string },
  credentials: RoleCredentials,
  now: number,
): Promise<string> {
  const hostname = `sts.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
  const signer = await signerFor(region, credentials);
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, 'x-k8s-aws-id': cluster },
    },
    { expiresIn: urlSeconds, signingDate: new Date(now), unhoistableHeaders: new Set(['x-k8s-aws-id']) },
  );
  const text = Object.entries(query).map(([key, value]) => `${encode(key)}=${encode(String(value))}`);
  return `k8s-aws-v1.${Buffer.from(`https://${hostname}/?${text.join('&')}`).toString('base64url')}`;
}

async function signerFor(region: string, credentials: RoleCredentials): Promise<SignatureV4> {
  const { SignatureV4: Signer, Sha256 } = await import('./sdk.ts');
  return new Signer({ credentials, region, service: 'sts', sha256: Sha256 });
}

/** As AWS encodes: everything but the unreserved characters of RFC 3986. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
