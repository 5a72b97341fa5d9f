import type { Config } from '../../config.ts';
import type { JsonObject } from '../../domain/json.ts';
import { systemClock } from '../../system.ts';
import { because, type Finding, fail, ok, warn } from './finding.ts';

type IssuerConfig = Config['identity']['issuers'][number];

/** Whether tokens of each issuer could be verified, and whether anybody could be asked for who brings them. */
export async function checkIssuers(config: Config): Promise<readonly Finding[]> {
  const { issuers } = config.identity;
  if (issuers.length === 0) return [ok('identity', 'no issuer: tokens are not taken, and nothing is served over HTTP')];
  const each = await Promise.all(issuers.map((issuer) => checkIssuer(issuer, config)));
  return each.flat();
}

async function checkIssuer(issuer: IssuerConfig, config: Config): Promise<readonly Finding[]> {
  const name = `${issuer.issuer} (${issuer.subjects})`;
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  try {
    const { createIssuer } = await import('../../identity/issuer.ts');
    const keys = await createIssuer(issuer, systemClock, silent).published();
    const usable = keys.filter((key) => canVerify(key, issuer.algorithms)).length;
    const people = known(issuer, config);
    if (usable === 0)
      return [
        fail(
          'identity',
          `${name} publishes ${keys.length} keys, none for ${issuer.algorithms.join(', ')}: its tokens are refused`,
          'look at its keys; identity.issuers[].algorithms says which are taken',
        ),
        ...people,
      ];
    const audience = issuer.audience ?? config.identity.resource ?? '';
    return [ok('identity', `${name} answers with ${usable} keys; its tokens must be for ${audience}`), ...people];
  } catch (thrown) {
    return [
      fail(
        'identity',
        `${name} cannot be read: ${reasonOf(thrown)}; its tokens are refused`,
        'check its address, `ca`, `jwksUri` and `tokenFile`, and the network',
      ),
    ];
  }
}

/** openid-client says little, and what it was told hangs on its cause. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const code = (from: unknown): string | undefined =>
    from instanceof Error && 'code' in from && typeof from.code === 'string' ? from.code : undefined;
  return code(cause) ?? code(thrown) ?? because(thrown);
}

const typeOf: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };

/** Whether a key is for signatures of one of these algorithms. */
const canVerify = ({ kty, use, alg }: JsonObject, algorithms: readonly string[]): boolean =>
  (use === undefined || use === 'sig') &&
  algorithms.some((each) => typeOf[each.slice(0, 2)] === kty && (alg === undefined || alg === each || kty === 'OKP'));

/** A call that nobody stands behind gets no approval. */
function known({ issuer, subjects }: IssuerConfig, { people }: Config): readonly Finding[] {
  const key = subjects === 'people' ? 'subjects' : 'owns';
  if (people.some((person) => person[key].some((each) => each.issuer === issuer))) return [];
  return [
    warn(
      'identity',
      `nobody under people has ${key} of ${issuer}: what its callers ask for cannot wait for people and is refused`,
      `add people[].${key}: [{issuer, subject}]`,
    ),
  ];
}
