/** Names that say that a value is a secret. Tables of words, so that people can read and extend them. */
const words = 'passw(?:or)?ds?|passphrases?|passcodes?|credentials?|connection[-_.]?str(?:ing)?|dsn';
const keys =
  '(?:api|private|access|encryption|signing|ssh|account|auth|master|shared|license|hmac|jwt)[-_.]?keys?|secret[-_.](?:access[-_.]?)?key|secretaccesskey';
const secrets =
  '(?:client|shared|webhook|app|consumer|hmac|jwt|cookie|session|signing|oauth|totp|api)[-_.]?secrets?|^secrets?';
const tokens = '(?:^|[-_.a-z])tokens?';
/** Members anywhere in an object, where a plain `key` or `…Secret` is most often a name and not a value. */
const memberPattern = new RegExp(`(?:${words}|${keys}|${secrets}|${tokens})$`, 'i');
/** Keys of ConfigMaps and annotations, whose values are text of any kind. */
const dataPattern = new RegExp(
  `(?:${words}|${keys}|secrets?|${tokens}|pwd|kubeconfig|id_[rd]sa|\\.pem|\\.key|\\.p12|\\.jks|htpasswd|\\.?netrc|\\.?pgpass|\\.?dockerc(?:onfigjson|fg))$`,
  'i',
);
/** Environment variables and flags. */
const variablePattern =
  /passw(?:or)?d|passphrase|secret|token|credential|dsn|connection[-_]?str|conn[-_]?str|api[-_]?key|(?:^|[-_])(?:key|keys|pass|pwd|auth|authorization|cookie|pat)(?:$|[-_])/i;
/** What is said about a secret and is none: where it lies, how long it lives. */
const aboutPattern =
  /[-_.](?:file|path|dir|name|ttl|expiry|expiration|enabled|type|mode|method|scheme|provider|version|alg|algorithm|issuer|audience|endpoint)$/i;
const headerPattern = /^(?:(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api|auth)[-\w]*)$/i;

/** Names repeat in every object, so each is looked at once. */
function remembered(test: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    if (known.size >= 5_000) known.clear();
    const now = test(name);
    known.set(name, now);
    return now;
  };
}

export const isSensitiveMember = remembered((name) => memberPattern.test(name));
export const isSensitiveData = remembered((name) => dataPattern.test(name.slice(name.lastIndexOf('/') + 1)));
export const isSensitiveVariable = remembered(
  (name) => headerPattern.test(name) || (variablePattern.test(name) && !aboutPattern.test(name)),
);
/** `{ name, value }` in lists other than `env`: headers, parameters. */
export const isSensitiveEntry = (name: string): boolean => isSensitiveMember(name) || headerPattern.test(name);

/** A table's column by its name, or by a description that says what it prints. */
export const isSensitiveColumn = (name: string, description: string): boolean =>
  isSensitiveMember(name.replace(/\s+/g, '-')) ||
  /passw(?:or)?d|passphrase|credential|api[ -]?key|private key|\btoken\b/i.test(description);
