import { describe, expect, it } from 'vitest';
import { maskPatterns } from '../../../src/masking/patterns.ts';
import { patternLabels } from '../../../src/masking/patterns-table.ts';

/** Put together here, so that nobody who scans this repository takes them for real ones. */
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const mixed = 'aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW1xY3zA5bC7dE9fG1hI3jK5lM7nO9pQ1r';
const hex = '0123456789abcdef'.repeat(4);
const armor = (label: string): string => `-----BEGIN ${label}-----\nMIIEpAIBAAKCAQEA\nabc\n-----END ${label}-----`;

const hidden: readonly (readonly [label: string, text: string, kept: string])[] = [
  ['AWS key id', `AKIA${upper.slice(0, 16)}`, ''],
  ['AWS key id', `ASIA${upper.slice(0, 16)}`, ''],
  ['AWS session token', `IQoJb3JpZ2lu${mixed.repeat(2)}`, ''],
  ['Google API key', `AIza${mixed.slice(0, 35)}`, ''],
  ['Google token', `ya29.${mixed.slice(0, 30)}`, ''],
  ['Google client secret', `GOCSPX-${mixed.slice(0, 28)}`, ''],
  ['Azure key', `AccountKey=${mixed.slice(0, 62)}==`, 'AccountKey='],
  ['Azure signature', `sig=${mixed.slice(0, 43)}%3D`, 'sig='],
  ['Azure client secret', `8Q~${mixed.slice(0, 34)}`, ''],
  ['GitHub token', `ghp_${mixed.slice(0, 36)}`, ''],
  ['GitHub token', `github_pat_${mixed}`, ''],
  ['GitLab token', `glpat-${mixed.slice(0, 20)}`, ''],
  ['Slack token', `xoxb-${'1234567890-'.repeat(2)}${mixed.slice(0, 24)}`, ''],
  ['Slack webhook', `hooks.slack.com/services/T0001/B0001/${mixed.slice(0, 24)}`, 'hooks.slack.com/services/'],
  ['Stripe key', `sk_live_${mixed.slice(0, 24)}`, ''],
  ['webhook secret', `whsec_${mixed.slice(0, 32)}`, ''],
  ['npm token', `npm_${mixed.slice(0, 36)}`, ''],
  ['PyPI token', `pypi-AgE${mixed}`, ''],
  ['RubyGems key', `rubygems_${hex.slice(0, 48)}`, ''],
  ['OpenAI key', `sk-proj-${mixed.slice(0, 40)}`, ''],
  ['API key', `sk-${mixed.slice(0, 48)}`, ''],
  ['Anthropic key', `sk-ant-api03-${mixed.slice(0, 40)}`, ''],
  ['API key', `gsk_${mixed.slice(0, 52)}`, ''],
  ['Hugging Face token', `hf_${mixed.slice(0, 34)}`, ''],
  ['SendGrid key', `SG.${mixed.slice(0, 22)}.${mixed.slice(0, 43)}`, ''],
  ['Twilio key', `SK${hex.slice(0, 32)}`, ''],
  ['Mailgun key', `key-${hex.slice(0, 32)}`, ''],
  ['DigitalOcean token', `dop_v1_${hex}`, ''],
  ['Vault token', `hvs.${mixed.slice(0, 24)}`, ''],
  ['Databricks token', `dapi${hex.slice(0, 32)}`, ''],
  ['Grafana token', `glsa_${mixed.slice(0, 32)}_0a1b2c3d`, ''],
  ['Shopify token', `shpat_${hex.slice(0, 32)}`, ''],
  ['Docker token', `dckr_pat_${mixed.slice(0, 27)}`, ''],
  ['Terraform token', `atlasv1.${mixed}`, ''],
  ['Atlassian token', `ATATT3${mixed}`, ''],
  ['Telegram token', `:AA${mixed.slice(0, 33)}`, ''],
  ['age key', `AGE-SECRET-KEY-1${upper.repeat(2)}`, ''],
  ['New Relic key', `NRAK-${upper.slice(0, 27)}`, ''],
  ['Postman key', `PMAK-${mixed}`, ''],
  ['Linear key', `lin_api_${mixed.slice(0, 40)}`, ''],
  ['Sentry token', `sntrys_${mixed}`, ''],
  ['Square token', `sq0atp-${mixed.slice(0, 22)}`, ''],
  ['compressed data', `H4sI${mixed}`, ''],
  ['private key', Buffer.from(armor('RSA PRIVATE KEY')).toString('base64'), ''],
  ['private key', armor('RSA PRIVATE KEY'), ''],
  ['private key', armor('OPENSSH PRIVATE KEY'), ''],
  ['private key', armor('PGP PRIVATE KEY BLOCK'), ''],
  ['private key', '-----BEGIN PRIVATE KEY-----\\nMIIEpAIB\\nthat is cut off', ''],
  ['bearer token', `Authorization: Bearer ${mixed.slice(0, 30)}`, 'Authorization: Bearer '],
  ['basic credentials', `Basic ${Buffer.from('user:hunter2').toString('base64')}`, 'Basic '],
  ['token', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.${mixed.slice(0, 43)}`, ''],
  ['assigned secret', 'password=hunter22', 'password='],
  ['assigned secret', 'DB_PASSWORD: hunter22', 'DB_PASSWORD: '],
  ['assigned secret', 'pwd := 12345678', 'pwd := '],
  ['assigned secret', `api_key=${mixed.slice(0, 24)}`, 'api_key='],
  ['assigned secret', `client_secret => ${mixed.slice(0, 24)}`, 'client_secret => '],
  ['assigned secret', `X-Auth-Token: ${hex.slice(0, 40)}`, 'X-Auth-Token: '],
];

const shown: readonly string[] = [
  ...[
    'AKIA',
    'AKIAshort',
    'takia and the ASIA-PACIFIC region',
    'AIzaShort',
    'ghp_short',
    'glpat-short',
    'npm_config_cache',
    'npm run build',
  ],
  ...[
    'xoxb-none',
    'sk_live_',
    'task-7f8d9c6b5d-x2x4z',
    'risk-assessment-of-a-rather-long-name-in-lower-case-letters',
    'disk-0123',
  ],
  ...['SG.', 'msg.something', 'SKU 42', 'key-value pairs', 'hvs.no', 'H4sI'],
  ...[
    '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
    '----- BEGIN',
  ],
  Buffer.from(armor('CERTIFICATE').repeat(2)).toString('base64'),
  ...[
    'https://registry.example.com:5000/web@sha256:0123',
    'https://user@host/path',
    'http://[::1]:8080/',
    'a://b:@c',
    'postgres://db:5432/shop',
  ],
  ...['Basic authentication', 'basic auth is off', 'Bearer authentication-is-required-here', 'bearer of news'],
  ...['eyJ', 'eyJhbGciOiJIUzI1NiJ9', 'eyJhbGciOiJIUzI1NiJ9.x', 'heyJude.com'],
  ...[
    'password: required',
    'password is wrong',
    'passwordFile=/etc/x1',
    'password=/run/secrets/db1',
    'password=$DB_PASSWORD_1',
    'password: ""',
  ],
  ...[
    'token: kube-system/bootstrap-token-abc123',
    'secret="shop/web-tls-2024"',
    'secretName: web-tls-0123456789abcdef',
    'token=',
    'tokens: 1234',
  ],
  ...[
    '--token-auth-file=/etc/kubernetes/tokens.csv',
    'credentials: none',
    'api_key: [masked Secret a/b]',
    '"password":"[masked Secret a/b]"',
  ],
  ...['postgres://u:[masked Secret a/b]@db/x', 'Bearer [masked token]'],
];

describe('patterns', () => {
  it.each(hidden)('%s: %s', (label, text, kept) => {
    for (const [before, after] of [
      ['', ''],
      ['before ', ' after'],
      ['x"', '"'],
      ['a', '\n'],
    ] as const) {
      // What is cut off goes on to the end.
      const rest = text.includes('cut off') ? '' : after;
      expect(maskPatterns(`${before}${text}${after}`)).toBe(`${before}${kept}[masked ${label}]${rest}`);
    }
  });

  it('each has an example', () => {
    const shownBy = new Set([...hidden.map(([label]) => label), 'password in a URL']);
    expect(patternLabels.filter((label) => !shownBy.has(label))).toEqual([]);
  });

  it.each(shown)('leaves %s', (text) => {
    for (const whole of [text, `before ${text} after`]) expect(maskPatterns(whole)).toBe(whole);
  });

  it.each([
    ['postgres://u:p4ss@db/x', 'postgres://u:[masked password in a URL]@db/x'],
    ['redis://:p@ss@db', 'redis://:[masked password in a URL]@db'],
    ['https://a:b@c https://d:e@f', 'https://a:[masked password in a URL]@c https://d:[masked password in a URL]@f'],
    ['{"password":"hun\\"ter2","a":1}', '{"password":"[masked assigned secret]","a":1}'],
    [JSON.stringify('{"password":"hunter22"}'), JSON.stringify('{"password":"[masked assigned secret]"}')],
    ["PGPASSWORD='correct horse 1' psql", "PGPASSWORD='[masked assigned secret]' psql"],
    ['password:hunter22[masked private key]', 'password:[masked assigned secret][masked private key]'],
  ])('%s keeps what is around it', (text, masked) => {
    expect(maskPatterns(text)).toBe(masked);
  });

  it('hides nothing of its own placeholders', () => {
    for (const label of patternLabels) expect(maskPatterns(`[masked ${label}]`)).toBe(`[masked ${label}]`);
  });
});
