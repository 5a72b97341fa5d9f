import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { verifySigned } from './sigv4.ts';

export const account = '111122223333';
export const region = 'eu-central-1';
export const roleArn = (name: string): string => `arn:aws:iam::${account}:role/${name}`;

/** Whose key it is, and until when it is good (milliseconds). */
export interface AccessKey {
  readonly secret: string;
  readonly token: string | undefined;
  readonly arn: string;
  readonly expiresAt: number;
}

/** One call that was answered or refused. */
export interface AwsCall {
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Who signed it; undefined for what needs no signature. */
  readonly caller: string | undefined;
}

interface Fault {
  readonly status: number;
  readonly code: string;
}

/** Who may assume a role: given the caller's ARN and what it asks with. */
type Trust = (caller: string, parameters: Readonly<Record<string, string>>) => boolean;

/**
 * STS (Query, XML), EKS (REST, JSON) and the container credentials endpoint on loopback. Knows no policy but `trust`; every
 * signature is checked, and what AWS limits in names and tags is refused here too.
 */
export class FakeAws {
  readonly calls: AwsCall[] = [];
  readonly keys = new Map<string, AccessKey>();
  readonly roles = new Map<string, Trust>();
  readonly clusters = new Map<string, { arn: string; endpoint: string; ca: string }>();
  /** Tokens of a service account, by the role that they may have (IRSA). */
  readonly webIdentities = new Map<string, string>();
  /** What the container endpoint (EKS Pod Identity) asks for, and whose credentials it gives. */
  podIdentity: { token: string; arn: string } | undefined;
  /** An action that fails; returns the error, or how long its answer is kept. */
  fault: (action: string) => Fault | { readonly hangs: true } | undefined = () => undefined;
  /** By how much the clock of AWS is ahead of ours, in milliseconds. */
  clockAhead = 0;
  url = '';
  readonly #http = createServer((request, response) => {
    this.#answer(request, response).catch((thrown: unknown) => response.writeHead(500).end(String(thrown)));
  });

  async start(): Promise<void> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.url = `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  /** A key of a user or role session. */
  issue(arn: string, seconds = 3_600, session = true): { id: string } & AccessKey {
    const id = `${session ? 'ASIA' : 'AKIA'}${randomBytes(8).toString('hex').toUpperCase()}`;
    const token = session ? randomBytes(48).toString('base64') : undefined;
    const key = { secret: randomBytes(30).toString('base64'), token, arn, expiresAt: this.now() + seconds * 1000 };
    this.keys.set(id, key);
    return { id, ...key };
  }

  now(): number {
    return Date.now() + this.clockAhead;
  }

  readonly secretOf = (id: string, token: string | undefined): string | undefined => {
    const key = this.keys.get(id);
    return key !== undefined && key.token === token && key.expiresAt > this.now() ? key.secret : undefined;
  };

  /** Environment variables of a process whose base credentials are a key of this user. */
  environment(arn = `arn:aws:iam::${account}:user/base`): Record<string, string> {
    const { id, secret, token } = this.issue(arn);
    return { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token ?? '', ...noMetadata };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const path = request.url ?? '/';
    response.setHeader('date', new Date(this.now()).toUTCString());
    if (path.startsWith('/v1/credentials')) return this.#container(request, response);
    const parameters = Object.fromEntries(new URLSearchParams(body));
    const cluster = /^\/clusters\/([^/?]+)$/.exec(path)?.[1];
    const action = cluster === undefined ? (parameters.Action ?? '') : 'DescribeCluster';
    const fault = this.fault(action);
    if (fault !== undefined) this.calls.push({ action, parameters, caller: undefined });
    if (fault !== undefined && 'hangs' in fault) return undefined;
    if (fault !== undefined) return refuse(response, action, fault.status, fault.code);
    if (action === 'AssumeRoleWithWebIdentity') return this.#webIdentity(parameters, response);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const signed = verifySigned({ method: request.method ?? '', url: path, headers, body }, this.secretOf);
    if ('error' in signed) return refuse(response, action, 403, signed.error);
    const service = cluster === undefined ? 'sts' : 'eks';
    if (signed.service !== service || signed.region !== region)
      return refuse(response, action, 403, 'SignatureDoesNotMatch');
    if (Math.abs(this.now() - signed.signedAt) > 15 * 60_000)
      return refuse(response, action, 403, service === 'sts' ? 'RequestExpired' : 'InvalidSignatureException');
    const caller = this.keys.get(signed.accessKeyId)?.arn ?? '';
    this.calls.push({ action, parameters, caller });
    if (cluster !== undefined) return this.#describe(decodeURIComponent(cluster), response);
    if (action === 'GetCallerIdentity')
      return xml(response, action, `<Arn>${caller}</Arn><Account>${account}</Account>`);
    if (action === 'AssumeRole') return this.#assume(caller, parameters, response);
    return refuse(response, action, 400, 'InvalidAction');
  }

  #assume(caller: string, parameters: Readonly<Record<string, string>>, response: ServerResponse): ServerResponse {
    const bad = malformed(parameters);
    if (bad !== undefined) return refuse(response, 'AssumeRole', 400, 'ValidationError', bad);
    const trust = this.roles.get(parameters.RoleArn ?? '');
    if (trust === undefined || !trust(caller, parameters)) return refuse(response, 'AssumeRole', 403, 'AccessDenied');
    return this.#session(parameters, 'AssumeRole', response);
  }

  #webIdentity(parameters: Readonly<Record<string, string>>, response: ServerResponse): ServerResponse {
    const action = 'AssumeRoleWithWebIdentity';
    this.calls.push({ action, parameters, caller: undefined });
    const allowed = this.webIdentities.get(parameters.RoleArn ?? '') === parameters.WebIdentityToken;
    if (!allowed) return refuse(response, action, 400, 'InvalidIdentityToken');
    return this.#session(parameters, action, response);
  }

  #session(parameters: Readonly<Record<string, string>>, action: string, response: ServerResponse): ServerResponse {
    const role = (parameters.RoleArn ?? '').split('/').at(-1);
    const arn = `arn:aws:sts::${account}:assumed-role/${role}/${parameters.RoleSessionName}`;
    const key = this.issue(arn, Number(parameters.DurationSeconds ?? 3600));
    const inside = [
      `<AccessKeyId>${key.id}</AccessKeyId><SecretAccessKey>${key.secret}</SecretAccessKey>`,
      `<SessionToken>${key.token}</SessionToken><Expiration>${new Date(key.expiresAt).toISOString()}</Expiration>`,
    ];
    const user = `<AssumedRoleUser><Arn>${arn}</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>`;
    return xml(response, action, `${user}<Credentials>${inside.join('')}</Credentials>`);
  }

  #describe(name: string, response: ServerResponse): ServerResponse {
    const found = this.clusters.get(name);
    if (found === undefined) return refuse(response, 'DescribeCluster', 404, 'ResourceNotFoundException');
    const { arn, endpoint, ca } = found;
    const data = Buffer.from(ca).toString('base64');
    const cluster = { name, arn, endpoint, status: 'ACTIVE', certificateAuthority: { data } };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ cluster }));
  }

  #container(request: IncomingMessage, response: ServerResponse): ServerResponse {
    this.calls.push({ action: 'ContainerCredentials', parameters: {}, caller: undefined });
    if (this.podIdentity === undefined || request.headers.authorization !== this.podIdentity.token)
      return refuse(response, 'ContainerCredentials', 401, 'AccessDenied');
    const { id, secret, token, expiresAt } = this.issue(this.podIdentity.arn);
    const given = {
      AccessKeyId: id,
      SecretAccessKey: secret,
      Token: token,
      Expiration: new Date(expiresAt).toISOString(),
    };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(given));
  }
}

/** No test asks the metadata service of a machine, or reads somebody's profile. */
export const noMetadata = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent/config',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
};

/** What STS limits. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
function malformed(parameters: Readonly<Record<string, string>>): string | undefined {
  const word = /^[\w+=,.@-]{2,64}$/;
  if (!word.test(parameters.RoleSessionName ?? '')) return 'RoleSessionName';
  if (parameters.SourceIdentity !== undefined && !word.test(parameters.SourceIdentity)) return 'SourceIdentity';
  const seconds = Number(parameters.DurationSeconds);
  if (!(seconds >= 900 && seconds <= 43_200)) return 'DurationSeconds';
  for (const [key, value] of Object.entries(parameters)) {
    if (/^Tags\.member\.\d+\.Key$/.test(key) && !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(value)) return key;
    if (/^Tags\.member\.\d+\.Value$/.test(key) && !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)) return key;
  }
  return undefined;
}

/** The tags of an AssumeRole by their keys. */
export function tagsOf({ parameters }: AwsCall): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [key, value] of Object.entries(parameters)) {
    const name = /^Tags\.member\.(\d+)\.Key$/.exec(key)?.[1];
    if (name !== undefined) tags[value] = parameters[`Tags.member.${name}.Value`] ?? '';
  }
  return tags;
}

function xml(response: ServerResponse, action: string, inside: string): ServerResponse {
  const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${inside}</${action}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></${action}Response>`;
  return response.writeHead(200, { 'content-type': 'text/xml' }).end(body);
}

function refuse(response: ServerResponse, action: string, status: number, code: string, why = 'no'): ServerResponse {
  if (action === 'DescribeCluster') {
    response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code });
    return response.end(JSON.stringify({ message: why }));
  }
  const body = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${why}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`;
  return response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
}
