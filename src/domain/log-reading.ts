import { CountersignError } from './errors.ts';
import { compose, ident, includesText, join, jsonBytes, type Masked, say } from './masked.ts';
import type { LogLine } from './masker.ts';
import type { LogsRequest } from './request.ts';
import { objectLabel } from './resource.ts';
import type { LogTail, ToolAnswer, ToolCluster } from './tool-contract.ts';

/** How logs are shown: the one thing of the input that `run` sees. */
export type LogView = {
  /** As the caller named it: `deploy/web`. */
  readonly asked: string;
  /** Plain text, looked for in what passed the mask; empty: every line. */
  readonly grep: string;
  readonly timestamps: boolean;
  /** Pods that were left out, because there are so many. */
  readonly morePods: number;
};

/** Bytes of all lines together, as JSON has them: an answer has 32 kB, and the newest lines are the ones to keep. */
const room = 29_000;
const atOnce = 4;

interface PodLog {
  readonly request: LogsRequest;
  readonly tail?: LogTail;
  /** Why there is none. */
  readonly error?: CountersignError;
}

interface Shown {
  readonly line: LogLine;
  readonly pod: string;
}

/** The logs of one pod, or of several by time, each line with its pod before it. */
export async function showLogs(
  cluster: ToolCluster,
  requests: readonly LogsRequest[],
  view: LogView,
): Promise<ToolAnswer> {
  const wanted = ({ text }: LogLine): boolean => view.grep === '' || includesText(text, view.grep);
  const logs: PodLog[] = [];
  for (let start = 0; start < requests.length; start += atOnce) {
    const some = requests.slice(start, start + atOnce);
    logs.push(...(await Promise.all(some.map((request) => readOne(cluster, request, wanted, requests.length > 1)))));
  }
  const merged = newest(logs);
  const left = merged.left + sum(logs, (tail) => tail.leftLines);
  const texts = merged.shown.map((each) => lineText(each, view, requests.length > 1));
  const text = join(texts, say`\n`);
  const read = sum(logs, (tail) => tail.read);
  const missing = logs.filter(({ error }) => error !== undefined);
  return {
    message: message(cluster, requests, view, { shown: texts.length, read, left }),
    ...nextOf(view, left),
    data: compose({
      pods: requests.map(({ object }) => ident(object.name)),
      container: ident([...new Set(requests.map(({ container }) => container))].join(', ')),
      shown: texts.length,
      read,
      leftOut: left === 0 ? undefined : left,
      incomplete: cutPods(logs),
      notShown: missing.length === 0 ? undefined : missing.map(notShown),
      morePods: view.morePods === 0 ? undefined : view.morePods,
      log: text,
    }),
    text: join([text, ...remarks(logs, view)], say`\n`),
  };
}

/** Of several pods one that has no log now does not hide the others. */
async function readOne(
  cluster: ToolCluster,
  request: LogsRequest,
  wanted: (line: LogLine) => boolean,
  several: boolean,
): Promise<PodLog> {
  try {
    return { request, tail: await cluster.logs(request, { wanted, bytes: room }) };
  } catch (error) {
    if (several && error instanceof CountersignError && excusable.has(error.code)) return { request, error };
    throw error;
  }
}

/** It has not begun, or has gone; anything else is about the whole call. */
const excusable: ReadonlySet<string> = new Set(['Invalid', 'NotFound', 'Failed']);

function newest(logs: readonly PodLog[]): { readonly shown: readonly Shown[]; readonly left: number } {
  const all = logs.flatMap(({ request, tail }) =>
    (tail?.lines ?? []).map((line) => ({ line, pod: request.object.name })),
  );
  // Lines without a time keep their place behind the one before them.
  if (logs.length > 1) all.sort((a, b) => compare(a.line.time ?? '', b.line.time ?? ''));
  let [size, first] = [0, all.length];
  while (first > 0) {
    const before = all[first - 1];
    if (before === undefined) break;
    size += jsonBytes(before.line.text) + before.pod.length + 40;
    if (size > room) break;
    first--;
  }
  return { shown: all.slice(first), left: first };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const sum = (logs: readonly PodLog[], of: (tail: LogTail) => number): number =>
  logs.reduce((total, { tail }) => total + (tail === undefined ? 0 : of(tail)), 0);

function lineText({ line, pod }: Shown, view: LogView, several: boolean): Masked<string> {
  const before = several ? say`[${ident(pod)}] ` : say``;
  return view.timestamps && line.time !== undefined
    ? say`${before}${line.time} ${line.text}`
    : say`${before}${line.text}`;
}

function message(
  cluster: ToolCluster,
  requests: readonly LogsRequest[],
  view: LogView,
  { shown, read, left }: { readonly shown: number; readonly read: number; readonly left: number },
): Masked<string> {
  const [only, ...others] = requests;
  const where =
    only === undefined || others.length > 0
      ? say`Logs of ${ident(view.asked)}, ${requests.length} pods`
      : say`Log of ${objectLabel(only.object)}, container ${ident(only.container)}${ident(only.previous ? ' (previous run)' : '')}`;
  const matching = view.grep === '' ? say`` : say` with the text that was asked for, of ${read} read`;
  const older = left === 0 ? say`` : say`; ${left} older ones did not fit`;
  return say`${where}, cluster ${ident(cluster.name)}: ${shown} ${ident(shown === 1 ? 'line' : 'lines')}${matching}${older}.`;
}

const nextOf = (view: LogView, left: number): Pick<ToolAnswer, 'next'> =>
  left === 0
    ? {}
    : {
        next: say`The newest lines are shown. For others narrow it: ${ident(view.grep === '' ? 'grep, ' : '')}since, a smaller tail, or one pod by its name.`,
      };

function cutPods(logs: readonly PodLog[]): readonly Masked<string>[] | undefined {
  const cut = logs.filter(({ tail }) => tail?.cut === true);
  return cut.length === 0 ? undefined : cut.map(({ request }) => say`${ident(request.object.name)}`);
}

const notShown = ({ request, error }: PodLog): Masked<string> =>
  say`${ident(request.object.name)}: ${ident(error?.code ?? '')}`;

function remarks(logs: readonly PodLog[], view: LogView): readonly Masked<string>[] {
  return [
    ...logs.flatMap(({ request, tail }) =>
      tail?.cut === true
        ? [say`The log of ${ident(request.object.name)} broke off: newer lines are missing. Ask for a smaller tail.`]
        : [],
    ),
    ...logs.flatMap(({ request, error }) =>
      error === undefined
        ? []
        : [say`${ident(request.object.name)} is not shown: it has no such log now (${ident(error.code)}).`],
    ),
    ...(view.morePods === 0 ? [] : [say`${view.morePods} more pods are not shown: name one of them.`]),
  ];
}
