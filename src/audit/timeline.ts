import { visibleJson } from '../domain/hash-chain.ts';
import { type Json, type JsonObject, listAt, numberAt, stringAt } from '../domain/json.ts';

/**
 * The story of one call for people: who asked for what, then a line an event with the time since the first one. Nothing in it can
 * act on a terminal, whatever the log holds.
 */
export function timeline(story: readonly JsonObject[]): readonly string[] {
  const begun = Date.parse(stringAt(story[0], 'time') ?? '');
  return [
    ...head(story),
    '',
    ...story.map((line) => {
      const since = Date.parse(stringAt(line, 'time') ?? '') - begun;
      return `${elapsed(since).padStart(10)}  ${text(line.type ?? '?').padEnd(18)} ${sentence(line)}`.trimEnd();
    }),
  ];
}

/** What any line of the story says of the whole call. */
function head(story: readonly JsonObject[]): readonly string[] {
  const one = (key: string): string | undefined => {
    const value = story.map((line) => line[key]).find((each) => each !== undefined);
    return value === undefined ? undefined : text(value);
  };
  const objects = new Set(story.flatMap((line) => listAt(line, 'objects').map(text)));
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['call', one('invocation')],
    ['begun', text(story[0]?.time ?? '')],
    ['who', [one('principal'), one('actingFor')].filter((part) => part !== undefined).join(', for ')],
    ['what', [one('tool'), [...objects].join(', ')].filter((part) => part !== undefined && part !== '').join(' ')],
    ['where', one('cluster')],
    ['reason', one('reason')],
    ['approval', one('approval')],
    ['plan', whole(story, 'planDigest')],
    ['manifests', whole(story, 'manifestDigests')],
    ['recording', one('recording')],
  ];
  return rows.flatMap(([key, value]) => (value === undefined || value === '' ? [] : [`${key.padEnd(10)} ${value}`]));
}

/** Digests to their end: this is where a person takes them from to look for them. */
function whole(story: readonly JsonObject[], key: string): string | undefined {
  const value = story.map((line) => line[key]).find((each) => each !== undefined);
  if (value === undefined) return undefined;
  return visibleJson(Array.isArray(value) ? value.join(', ') : value).replaceAll('"', '');
}

function elapsed(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '?';
  const minutes = Math.floor(milliseconds / 60_000);
  const rest = ((milliseconds - minutes * 60_000) / 1_000).toFixed(3);
  return minutes === 0 ? `+${rest}s` : `+${minutes}m${rest.padStart(6, '0')}s`;
}

/** What of an event is not said of the whole call. */
function sentence(line: JsonObject): string {
  const of = (key: string): string | undefined => (line[key] === undefined ? undefined : text(line[key]));
  const quoted = (key: string): string | undefined => {
    const said = stringAt(line, key);
    return said === undefined || said === '' ? undefined : visibleJson(said);
  };
  const parts = sentences[stringAt(line, 'type') ?? '']?.({ line, of, quoted }) ?? others(line);
  return parts.filter((part) => part !== undefined && part !== '').join(', ');
}

interface Said {
  readonly line: JsonObject;
  readonly of: (key: string) => string | undefined;
  readonly quoted: (key: string) => string | undefined;
}
type Parts = readonly (string | undefined)[];

const after = (word: string, value: string | undefined): string | undefined =>
  value === undefined || value === '' ? undefined : `${word} ${value}`;
const flag = (line: JsonObject, key: string, words: string): string | undefined =>
  line[key] === true ? words : undefined;
const people = ({ line, of }: Said): string | undefined =>
  numberAt(line, 'need') === undefined ? undefined : `${of('have') ?? 0} of ${of('need')}`;

const sentences: Readonly<Record<string, (said: Said) => Parts>> = {
  RequestReceived: ({ of }) => [after('from', of('client'))],
  Refused: ({ of, quoted }) => [of('code'), quoted('message')],
  Planned: ({ of }) => [after('plan', of('planDigest'))],
  Decided: ({ of }) => [of('verdict'), after('by rule', of('rule')), of('conditionErrors')],
  ApprovalRequested: (said) => [people(said), said.quoted('reason')],
  ApprovalVoted: ({ line, of, quoted }) => [
    `${of('approver')} says ${of('decision')}`,
    after('in', of('channel')),
    quoted('comment'),
    flag(line, 'selfApproved', 'for an agent of their own'),
    flag(line, 'breakGlass', 'BREAK-GLASS'),
  ],
  VoteWithdrawn: ({ of }) => [`${of('approver')} takes it back`, after('in', of('channel'))],
  ApprovalClaimed: (said) => [people(said), after('process', said.of('process'))],
  ApprovalClosed: ({ of, quoted }) => [of('state'), after('by', of('by')), quoted('comment')],
  Authorized: ({ line, of }) => [of('verdict'), after('by rule', of('rule')), flag(line, 'breakGlass', 'BREAK-GLASS')],
  Executed: (said) => outcome(said),
  Failed: (said) => outcome(said),
  Unknown: (said) => outcome(said),
  Reconciled: ({ of, quoted }) => [of('state'), after('by', of('by')), quoted('comment')],
  RecordingOpened: ({ of }) => [of('recording')],
  RecordingClosed: ({ of }) => [of('recording'), after('root', of('root'))],
};

const outcome = ({ line, of, quoted }: Said): Parts => [
  of('status'),
  of('code'),
  quoted('message'),
  flag(line, 'dryRun', 'a dry run'),
  flag(line, 'replayed', 'a kept result, handed out again'),
  numberAt(line, 'auditIds') === undefined ? undefined : `${of('auditIds')} requests to the API server`,
];

/** What every line repeats. */
const common = new Set(
  [
    'seq',
    'time',
    'type',
    'invocation',
    'prev',
    'tool',
    'principal',
    'actingFor',
    'cluster',
    'objects',
    'approval',
  ].concat('planDigest', 'manifestDigests', 'bundleDigest'),
);

/** Of an event that has no sentence of its own: its own keys. */
const others = (line: JsonObject): Parts =>
  Object.entries(line).flatMap(([key, value]) => (common.has(key) ? [] : [`${text(key)} ${text(value)}`]));

/** `sha256:` and 12 digits are enough to look for; the log has the rest. */
function text(value: Json): string {
  if (Array.isArray(value)) return value.map((each) => text(each as Json)).join(', ');
  if (typeof value !== 'string') return visibleJson(value);
  const short = /^sha256:[0-9a-f]{64}$/.test(value) ? `${value.slice(0, 19)}…` : value.slice(0, 300);
  return visibleJson(short).slice(1, -1);
}
