import { forTerminal } from '../approval/escape.ts';
import { type JoinReport, joinLogs } from '../audit/join/join.ts';
import { type AuditOptions, auditFolder } from './audit.ts';
import { type ExitCode, type Io, json, line } from './io.ts';

export interface JoinCommandOptions extends AuditOptions {
  readonly user?: readonly string[];
  readonly cluster?: string;
}

/** Our log beside the API server's; 1 where one has what the other has not. */
export async function auditJoin(files: readonly string[], options: JoinCommandOptions, io: Io): Promise<ExitCode> {
  const report = await joinLogs(await auditFolder(options, io), files, {
    users: options.user ?? [],
    ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
  });
  if (options.json === true) json(io, report);
  else for (const text of lines(report)) line(io, forTerminal(text));
  return report.onlyOurs.length + report.onlyTheirs.length + report.different.length === 0 ? 0 : 1;
}

function lines({ matched, onlyOurs, onlyTheirs, different, outside, others }: JoinReport): readonly string[] {
  return [
    ...onlyOurs.map(
      ({ auditId, invocation, n, time }) => `only ours    ${time}  ${auditId}  request ${n} of ${invocation}`,
    ),
    ...onlyTheirs.map(
      ({ auditId, time, user, as, verb, requestURI }) =>
        `only theirs  ${time}  ${auditId}  ${as === undefined ? user : `${user} as ${as}`} ${verb} ${requestURI}`,
    ),
    ...different.map(({ auditId, message }) => `different    ${auditId}  ${message}`),
    `${matched} requests in both logs, ${onlyOurs.length} only in ours, ${onlyTheirs.length} only in the API server's, ${different.length} not the same; ${others} of others`,
    ...(outside === 0
      ? []
      : [`${outside} of ours are from before or after what the API server's log holds: give its other files as well`]),
  ];
}
