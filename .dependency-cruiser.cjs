// The import rules of docs/architecture.md, one rule a row. `npm run layers` checks them.
const adapters = [
  'policy',
  'approval',
  'masking',
  'audit',
  'recording',
  'cluster',
  'identity',
  'state',
  'sandbox',
  'metrics',
];
const onlyOurs = '^(src|tools)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'domain-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: onlyOurs, pathNot: '^src/domain/' },
    },
    {
      name: 'domain-knows-two-libraries',
      comment: 'zod for schemas, yaml for manifests; nothing that talks to anybody',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['npm'], pathNot: 'node_modules/(zod|yaml)/' },
    },
    {
      name: 'gate-imports-domain-only',
      severity: 'error',
      from: { path: '^src/gate/' },
      to: { path: onlyOurs, pathNot: '^src/(domain|gate)/' },
    },
    {
      name: 'gate-names-no-vendor',
      severity: 'error',
      from: { path: '^src/gate/' },
      to: { dependencyTypes: ['npm'] },
    },
    ...adapters.map((name) => ({
      name: `${name}-imports-domain-only`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: onlyOurs, pathNot: `^src/(domain|${name})/` },
    })),
    {
      name: 'transport-imports-domain-and-gate',
      severity: 'error',
      from: { path: '^src/transport/' },
      to: { path: onlyOurs, pathNot: '^src/(domain|gate|transport)/' },
    },
    {
      name: 'only-transport-knows-the-mcp-sdk',
      comment: 'the demo and connect are clients and use transport/client',
      severity: 'error',
      from: { pathNot: '^src/transport/' },
      to: { path: 'node_modules/@modelcontextprotocol/' },
    },
    {
      name: 'tools-import-the-facade',
      severity: 'error',
      from: { path: '^tools/', pathNot: '^tools/index\\.ts$' },
      to: { path: onlyOurs, pathNot: '^src/domain/tool\\.ts$' },
    },
    {
      name: 'tools-know-one-library',
      severity: 'error',
      from: { path: '^tools/' },
      to: { dependencyTypes: ['npm'], pathNot: 'node_modules/zod/' },
    },
    {
      name: 'only-masking-seals',
      comment: 'a Masked value is made by the masker and by the algebra over it, nowhere else',
      severity: 'error',
      from: { pathNot: '^src/(masking/|domain/masked(-table)?\\.ts)' },
      to: { path: '^src/domain/seal\\.ts$' },
    },
    {
      name: 'only-compose-makes-grant-mints',
      comment: 'everybody else gets mint or redeem, never both',
      severity: 'error',
      from: { path: '^(src|tools)/', pathNot: '^src/compose\\.ts$' },
      to: { path: '^src/domain/grant-mint\\.ts$' },
    },
    {
      name: 'nobody-imports-the-composition-root',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(cli/|compos|config|main\\.ts)' },
      to: { path: '^src/(compos|config|cli/|main\\.ts)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
