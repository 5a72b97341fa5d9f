/** How the value of a key stands in a line. A cut list may end in the digest of what was left out. */
export type KeyKind = 'text' | 'texts' | 'number' | 'yes' | 'digest' | 'digests';

interface AuditKeySpec {
  readonly kind: KeyKind;
  readonly says: string;
}

const key = <const Kind extends KeyKind>(kind: Kind, says: string) => ({ kind, says }) as const;

/** Every key that a line may have besides `seq`, `time`, `type`, `invocation`, `prev`: one fact, one key, the same on every line. */
export const auditKeys = {
  tool: key('text', 'the tool that was called'),
  client: key('text', 'the name that the MCP client gives itself'),
  principal: key('text', 'the agent'),
  actingFor: key('text', 'the person behind the agent'),
  cluster: key('text', 'the name of the cluster'),
  objects: key('texts', '`Kind/namespace/name` of each object, or `Kind/name`'),
  callDigest: key('digest', 'of the call as it was asked, without words'),
  planDigest: key('digest', 'of the plan: what approvals go by'),
  manifestDigests: key('digests', 'of each document as it stands in a file; `countersign digest` prints the same'),
  facts: key('text', 'what the policy judged, as JSON'),
  factsDigest: key('digest', 'where that is long: the file `attached/<hex>` beside the log that holds it'),
  bundleDigest: key('digest', 'of the policy in force'),
  verdict: key('text', '`allow`, `review` or `deny`'),
  rule: key('text', 'the rule that decided'),
  matched: key('texts', 'all rules that matched'),
  issuer: key('text', 'who vouches for the caller; of a suspension: where only its names are meant'),
  subject: key('text', 'the caller, as the issuer names it'),
  groups: key('texts', 'of the caller, as rules see them'),
  clientId: key('text', 'the OAuth client'),
  verified: key('yes', 'false: no token was checked, the operating system vouches'),
  conditionErrors: key('texts', '`rule: why` for each condition that could not be decided, which denies'),
  reason: key('text', "the agent's reason: its claim"),
  code: key('text', 'of a refusal or failure, `CountersignError`'),
  message: key('text', 'what the caller was told; of a suspension: the reason'),
  status: key('text', 'of the answer'),
  approval: key('text', 'the approval, `cs-…`'),
  of: key('text', 'the invocation that it is about, where that had no approval'),
  need: key('number', 'how many people the approval asks for'),
  have: key('number', 'how many it has'),
  needs: key('number', 'how many the authorized call needed'),
  approver: key('text', 'who voted'),
  decision: key('text', '`approve`, `deny` or `undo`'),
  channel: key('text', 'where: `slack`, `terminal`; of a session: `stdio`, `http`, `sse`'),
  n: key('number', "the person's how-manieth vote"),
  comment: key('text', 'in their words'),
  selfApproved: key('yes', "the vote is of the agent's own person"),
  breakGlass: key('yes', 'countersigned alone; on every later line of that approval and call too'),
  breakGlassGroups: key('texts', 'whose members could countersign alone'),
  state: key('text', 'how an approval, a session or an intent ended'),
  by: key('text', 'who ended, reviewed, suspended, or found it'),
  process: key('text', 'the process: of a claim, of a chain'),
  resourceVersion: key(
    'texts',
    'what the requests are bound to, in the order of `objects`; empty for what is created; not there for exec',
  ),
  dryRun: key('yes', 'nothing was sent but a dry-run'),
  replayed: key('yes', 'a kept result was handed out again'),
  auditIds: key('number', 'how many requests the invocation sent to the API server'),
  recording: key('text', 'the recording of an exec session'),
  root: key('digest', 'of the last line of a recording'),
  session: key('text', 'a session, by a name that lets nobody go on with it'),
  dropped: key('number', 'calls that the rate limit did not let in'),
  masking: key(
    'text',
    '`reduced`: the Secrets in reach could not be read, so values were hidden by place and form only',
  ),
  maskHits: key(
    'number',
    'values of Secrets that were hidden in the answer; of a decision: in what this principal was shown in the last hour',
  ),
  verb: key('text', 'of a read of the mask: `list` or `watch`'),
  version: key('text', 'of Countersign'),
  isolation: key('text', 'what the operator accepted: `accept-same-user` or `none`'),
  configDigest: key('digest', 'of the configuration'),
  format: key('number', 'of the log: 1'),
  auditIdSeed: key('text', '32 bytes in hex: the seed of the Audit-IDs of this process'),
  heads: key('texts', 'where other chains stood: `<file> seq=<n> end=<bytes> sha256:<digest of that line>`'),
  torn: key('texts', 'unfinished last lines that were there: `<file> start=<byte> bytes=<n> sha256:<digest>`'),
  note: key('texts', 'the text of a checkpoint, line by line'),
  signatures: key('texts', 'the signature lines under it, without their dash'),
} as const satisfies Readonly<Record<string, AuditKeySpec>>;

export type AuditKey = keyof typeof auditKeys;
