import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/domain/json.ts';
import { open } from '../../../src/domain/masked.ts';
import { createMasker } from '../../../src/masking/masker.ts';
import { silent } from '../../support/approvals.ts';

const masker = createMasker({ log: silent });
/** By no form a secret: only its place can give it away. */
const canary = 'correct horse battery staple';
const shown = (raw: Json): string => JSON.stringify(open(masker.object(raw).value));
const map = (data: JsonObject): Json => ({ kind: 'ConfigMap', metadata: { name: 'files' }, data });
const dataOf = (raw: Json): JsonObject => (open(masker.object(raw).value) as { data: JsonObject }).data;

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: prod
  cluster:
    server: https://kube.example:6443
    certificate-authority-data: LS0tLS1CRUdJTg==
users:
- name: robot
  user:
    token: ${canary}
    client-key-data: ${canary}
    password: "${canary}"
    tokenFile: /var/run/token
`;

describe('files in ConfigMaps', () => {
  it('a kubeconfig keeps its clusters and loses what people log in with', () => {
    const { config } = dataOf(map({ config: kubeconfig })) as { config: string };
    expect(config).not.toContain(canary);
    for (const name of ['token', 'client-key-data', 'password'])
      expect(config).toContain(`${name}: [masked setting ${name}]`);
    for (const line of ['server: https://kube.example:6443', 'tokenFile: /var/run/token', 'LS0tLS1CRUdJTg=='])
      expect(config).toContain(line);
  });

  it.each([
    ['YAML', `database:\n  host: db\n  password: ${canary}\n`, 'host: db'],
    ['a block of YAML', `tls:\n  privateKey: |\n    ${canary}\n    ${canary}\n  cert: x\n`, 'cert: x'],
    ['properties', `db.host=db\ndb.password = ${canary}\n`, 'db.host=db'],
    ['INI', `[smtp]\nuser: robot\npassword: ${canary}`, 'user: robot'],
    ['a shell', `export MODE=dev\nexport API_TOKEN=${canary}\n`, 'MODE=dev'],
    ['JSON', JSON.stringify({ db: { host: 'db', password: canary } }), 'host'],
    ['JSON in lines', JSON.stringify({ list: [{ host: 'db', clientSecret: canary }] }, null, 2), 'host'],
    ['broken JSON', `{\n  "host": "db",\n  "password": "${canary}",\n  oops`, 'oops'],
    ['a kubeconfig as JSON', JSON.stringify({ users: [{ user: { token: canary } }] }), 'users'],
  ])('%s: the value behind a name of a secret is hidden, the rest stays', (_, text, stays) => {
    const raw = map({ 'app.conf': text });
    const once = dataOf(raw)['app.conf'] as string;
    expect(once).not.toContain(canary);
    expect(once).toContain('[masked ');
    expect(once).toContain(stays);
    expect(masker.object(raw).masked).toEqual(['data["app.conf"]']);
    expect(dataOf(map({ 'app.conf': once }))['app.conf']).toBe(once);
  });

  it.each([
    ['YAML', `kind: Secret\nmetadata: { name: x }\nstringData:\n  a: ${canary}\n`],
    ['one of several documents', `kind: Service\n---\napiVersion: v1\nkind: "Secret"\ndata:\n  a: ${canary}\n`],
    ['JSON', `{"apiVersion":"v1", "kind": "Secret","data":{"a":"${canary}"}}`],
  ])('a manifest of a Secret is hidden whole: %s', (_, text) => {
    expect(dataOf(map({ 'secret.yaml': text }))).toEqual({ 'secret.yaml': '[masked ConfigMap files/secret.yaml]' });
  });

  it.each([
    'token-ttl: 24h\npasswordFile: /etc/p\nsecretName: db\nexistingSecret: db\n',
    'password: ""\ntoken: $(TOKEN)\nsecret: {{ .Values.secret }}\npassword: <unset>\n',
    'enabled: true\nreplicas: 3\nlevel: info\n# password of nobody\n',
    'auth:\n  password:\n    valueFrom: x\n',
    '{"metrics":{"port":9090},"passwordPolicy":{"min":8}}',
  ])('what only speaks of one stays as it is: %j', (text) => {
    expect(dataOf(map({ 'app.conf': text }))).toEqual({ 'app.conf': text });
  });
});

describe('kinds and places', () => {
  it.each<[string, Json]>([
    ['a signing request', { kind: 'CertificateSigningRequest', spec: { request: canary, signerName: 'x' } }],
    ['a token request', { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', status: { token: canary } }],
    ['stringData without a kind', { items: [{ type: 'Opaque', stringData: { a: canary } }] }],
    ['a probe', { kind: 'Pod', spec: { probe: { httpGet: { httpHeaders: [{ name: 'Cookie', value: canary }] } } } }],
    ['a flag', { kind: 'Pod', spec: { containers: [{ args: ['--api-key', canary] }] } }],
    ['a map of variables', { kind: 'App', spec: { env: { DB_PASS: canary } } }],
    ['an annotation with a copy', { kind: 'X', metadata: { annotations: { a: `{"password":"${canary}"}` } } }],
    ['a key inside of such a copy', { kind: 'X', metadata: { annotations: { a: '{"AKIAABCDEFGHIJKLMNOP":1}' } } }],
  ])('%s', (_, raw) => {
    expect(shown(raw)).not.toContain(canary);
    expect(shown(raw)).not.toContain('AKIAABCDEFGHIJKLMNOP');
    expect(shown(raw)).toContain('[masked ');
  });

  it('a cell of a column for secrets is hidden when it is a number too', () => {
    const columnDefinitions = [{ name: 'Name', format: 'name' }, { name: 'Password' }, { name: 'Ready' }];
    const table = { kind: 'Table', columnDefinitions, rows: [{ cells: ['a', 12345678, true] }] };
    expect(JSON.parse(shown(table)).rows).toEqual([{ cells: ['a', '[masked column Password]', true] }]);
  });

  it.each([
    'postgres://robot:Tr0ub4dor@db:5432/x',
    'mongodb+srv://robot:Tr0ub4dor@db.example/x',
    'redis://:Tr0ub4dor@cache:6379',
    'Server=db;User Id=robot;Password=Tr0ub4dor;Encrypt=true',
    'jdbc:postgresql://db/x?user=robot&password=Tr0ub4dor&ssl=true',
    'host=db user=robot password=Tr0ub4dor dbname=x',
  ])('a connection string in any field: %s', (text) => {
    const once = shown({ kind: 'App', spec: { where: text } });
    expect(once).not.toContain('Tr0ub4dor');
    expect(once).toMatch(/db|cache/);
  });
});
