import { type CharacterSet, type Reader, type Recognizer, sets, type Verdict } from './patterns-reader.ts';

/** Something with a fixed beginning and a run of characters behind it: the form of most credentials. */
export interface TokenForm {
  readonly label: string;
  readonly heads: readonly string[];
  readonly body: CharacterSet;
  /** Characters of the body at least. */
  readonly least: number;
  /** Asked of the first characters of a body only, and once true it stays so when more follow. */
  readonly needs?: (body: string) => boolean;
  /** The head says what it is, and stays. */
  readonly keepHead?: boolean;
}

const mostAsked = 512;

const hasDigit = (body: string): boolean => /\d/.test(body);
const isMixed = (body: string): boolean => /\d/.test(body) && /[a-z]/.test(body) && /[A-Z]/.test(body);
const isPair = (body: string): boolean => Buffer.from(body, 'base64').includes(':');
const isPrivateKey = (body: string): boolean => Buffer.from(body.slice(0, 64), 'base64').includes('PRIVATE KEY');

const form = (
  label: string,
  heads: string,
  body: CharacterSet,
  least: number,
  more: Partial<TokenForm> = {},
): TokenForm => ({ label, heads: heads.split(' '), body, least, ...more });

const { alphanumeric, base64, dotted, hex, upper, word } = sets;
const kept = { keepHead: true };

/** By the services' own documentation of what they issue. A longer run than they issue is masked whole. */
export const tokenForms: readonly TokenForm[] = [
  form('AWS key id', 'AKIA ASIA ABIA ACCA', upper, 16),
  form('AWS session token', 'FwoGZXIvYXdz IQoJb3JpZ2lu', base64, 80),
  form('Google API key', 'AIza', word, 35),
  form('Google token', 'ya29.', dotted, 20),
  form('Google client secret', 'GOCSPX-', word, 20),
  form('Azure key', 'AccountKey= SharedAccessKey=', base64, 40, kept),
  form('Azure signature', 'sig=', sets.escaped, 40, { ...kept, needs: hasDigit }),
  form('Azure client secret', '7Q~ 8Q~', characters('~'), 31),
  form('GitHub token', 'ghp_ gho_ ghu_ ghs_ ghr_', alphanumeric, 30),
  form('GitHub token', 'github_pat_', word, 22),
  form('GitLab token', 'glpat- gldt- glrt- glptt- glcbt- glft- glimt- glagent- glsoat-', dotted, 20),
  form('Slack token', 'xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxe. xoxc- xoxd- xapp-', characters('.%'), 10, {
    needs: hasDigit,
  }),
  form('Slack webhook', 'hooks.slack.com/services/ hooks.slack.com/workflows/', sets.slashed, 20, kept),
  form('Stripe key', 'sk_live_ sk_test_ rk_live_ rk_test_', alphanumeric, 16),
  form('webhook secret', 'whsec_', base64, 24),
  form('npm token', 'npm_', alphanumeric, 30),
  form('PyPI token', 'pypi-AgE', word, 50),
  form('RubyGems key', 'rubygems_', hex, 40),
  form('OpenAI key', 'sk-proj- sk-svcacct- sk-admin- sk-None-', word, 20),
  form('API key', 'sk-', alphanumeric, 40, { needs: isMixed }),
  form('Anthropic key', 'sk-ant-', word, 20),
  form('API key', 'gsk_ xai- pplx- r8_ sk-or-v1-', alphanumeric, 37),
  form('Hugging Face token', 'hf_', alphanumeric, 30),
  form('SendGrid key', 'SG.', dotted, 50, { needs: (body) => body.includes('.') && hasDigit(body) }),
  form('Twilio key', 'SK', hex, 32),
  form('Mailgun key', 'key-', hex, 32),
  form('DigitalOcean token', 'dop_v1_ doo_v1_ dor_v1_', hex, 60),
  form('Vault token', 'hvs. hvb. hvr.', word, 20),
  form('Databricks token', 'dapi', hex, 32),
  form('Grafana token', 'glsa_ glc_', sets.escaped, 32),
  form('Shopify token', 'shpat_ shpss_ shpca_ shppa_', characters('', sets.hex, 'ABCDEF'), 32),
  form('Docker token', 'dckr_pat_ dckr_oat_', word, 20),
  form('Terraform token', 'atlasv1.', word, 50),
  form('Atlassian token', 'ATATT3 ATCTT3', sets.escaped, 50),
  form('Telegram token', ':AA', word, 33, { needs: isMixed }),
  form('age key', 'AGE-SECRET-KEY-1', upper, 50),
  form('New Relic key', 'NRAK-', upper, 27),
  form('Postman key', 'PMAK-', word, 50),
  form('Linear key', 'lin_api_', alphanumeric, 32),
  form('Sentry token', 'sntrys_ sntryu_', sets.escaped, 32),
  form('Square token', 'sq0atp- sq0csp-', word, 22),
  form('compressed data', 'H4sI', base64, 40),
  form('private key', 'LS0tLS1CRUdJ', base64, 60, { needs: isPrivateKey }),
  form('bearer token', 'Bearer; bearer; BEARER;', sets.bearer, 16, { ...kept, needs: hasDigit }),
  form('basic credentials', 'Basic; basic; BASIC;', base64, 8, { ...kept, needs: isPair }),
].map((each) => ({ ...each, heads: each.heads.map((head) => head.replace(';', ' ')) }));

function characters(more: string, set: CharacterSet = word, further = ''): CharacterSet {
  const copy = Uint8Array.from(set);
  for (const character of more + further) copy[character.charCodeAt(0)] = 1;
  return copy;
}

/** Reads a form where one of its heads stands. */
export const tokenAt =
  ({ label, body, least, needs, keepHead }: TokenForm, head: string): Recognizer =>
  (reader: Reader, at: number): Verdict => {
    const there = reader.has(head, at);
    if (there !== true) return there === 'more' ? 'more' : 'no';
    const begin = at + head.length;
    const end = reader.runEnd(body, begin);
    const open = reader.isOpenAt(end);
    const wanted =
      end - begin >= least &&
      (needs === undefined || needs(reader.text.slice(begin, Math.min(end, begin + mostAsked))));
    if (!wanted) return open && end - begin < mostAsked ? 'more' : 'no';
    return { start: keepHead === true ? begin : at, end, label, body: begin, ...(open ? { goesOn: body } : {}) };
  };
