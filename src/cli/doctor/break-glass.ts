import { asciiLine, wordsLine } from '../../approval/escape.ts';
import { unreviewedBreakGlass } from '../../approval/unreviewed.ts';
import { iso } from '../../domain/environment.ts';
import { type Finding, warn } from './finding.ts';

/** Each break-glass that nobody else has looked at; nothing where there is none. */
export async function checkBreakGlass(root: string): Promise<readonly Finding[]> {
  return (await unreviewedBreakGlass(root)).map(({ approval, vote }) =>
    warn(
      'breakglass',
      `${asciiLine(approval)} was countersigned alone by ${asciiLine(vote.person)} at ${iso(vote.time)}: "${wordsLine(vote.comment ?? '')}"`,
      `somebody else: countersign approvals show ${asciiLine(approval)}, then countersign approvals review ${asciiLine(approval)} COMMENT`,
    ),
  );
}
