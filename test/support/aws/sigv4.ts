/**
 * AWS Signature Version 4, checked from the specification with node:crypto alone, so that what the product's library signs is
 * verified by something else. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** A key's secret; undefined: nobody's. */
export type SecretOf = (accessKeyId: string, sessionToken: string | undefined) => string | undefined;

export interface Verified {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  /** Milliseconds since 1970. */
  readonly signedAt: number;
}

/** Who signed it, or the name of the AWS error. */
export function verifySigned(request: SignedRequest, secretOf: SecretOf): Verified | { readonly error: string } {
  const query = new URL(request.url, 'http://any').searchParams;
  return query.has('X-Amz-Signature') ? presigned(request, query, secretOf) : byHeader(request, secretOf);
}

function byHeader(request: SignedRequest, secretOf: SecretOf): Verified | { readonly error: string } {
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    request.headers.authorization ?? '',
  );
  if (parts === null) return { error: 'MissingAuthenticationToken' };
  const [, credential = '', signedHeaders = '', signature = ''] = parts;
  const date = request.headers['x-amz-date'] ?? '';
  const token = request.headers['x-amz-security-token'];
  const payload = sha256(request.body);
  return check(request, { credential, signedHeaders, signature, date, token, payload }, secretOf);
}

function presigned(
  request: SignedRequest,
  query: URLSearchParams,
  secretOf: SecretOf,
): Verified | { readonly error: string } {
  const of = (name: string): string => query.get(name) ?? '';
  if (of('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return { error: 'IncompleteSignature' };
  const parts = {
    credential: of('X-Amz-Credential'),
    signedHeaders: of('X-Amz-SignedHeaders'),
    signature: of('X-Amz-Signature'),
    date: of('X-Amz-Date'),
    token: query.get('X-Amz-Security-Token') ?? undefined,
    payload: sha256(''),
  };
  return check(request, parts, secretOf);
}

interface Parts {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  readonly token: string | undefined;
  readonly payload: string;
}

function check(request: SignedRequest, parts: Parts, secretOf: SecretOf): Verified | { readonly error: string } {
  const [accessKeyId = '', day = '', region = '', service = '', end] = parts.credential.split('/');
  const secret = secretOf(accessKeyId, parts.token);
  if (secret === undefined) return { error: 'InvalidClientTokenId' };
  if (end !== 'aws4_request' || !parts.date.startsWith(day)) return { error: 'SignatureDoesNotMatch' };
  const signedHeaders = parts.signedHeaders.split(';');
  if (!signedHeaders.includes('host')) return { error: 'SignatureDoesNotMatch' };
  const scope = `${day}/${region}/${service}/aws4_request`;
  const canonical = sha256(canonicalRequest(request, signedHeaders, parts.payload));
  const text = ['AWS4-HMAC-SHA256', parts.date, scope, canonical].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (before, next) => createHmac('sha256', before).update(next).digest(),
    `AWS4${secret}`,
  );
  const expected = createHmac('sha256', key).update(text).digest();
  const given = Buffer.from(parts.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { error: 'SignatureDoesNotMatch' };
  return { accessKeyId, region, service, signedHeaders, signedAt: timeOf(parts.date) };
}

function canonicalRequest({ method, url, headers }: SignedRequest, signed: readonly string[], payload: string): string {
  const { pathname, searchParams } = new URL(url, 'http://any');
  const query = [...searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const lines = signed.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [method, pathname, query, lines.join(''), signed.join(';'), payload].join('\n');
}

/** `20261121T160000Z`. */
const timeOf = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
