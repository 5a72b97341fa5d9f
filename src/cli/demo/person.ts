import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { CountersignError } from '../../domain/errors.ts';
import type { Io } from '../io.ts';
import type { Stage } from './stage.ts';

/** Whoever countersigns: you at the terminal, or this script, through the same command. */
export interface Person {
  readonly asked: boolean;
  /** Shows the card of what waits, then votes on it. */
  decide(
    id: string,
    scripted: { readonly decision: 'approve' | 'deny'; readonly comment: string },
  ): Promise<'approve' | 'deny'>;
  /** Runs a command of this program and returns what it printed. */
  run(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }>;
  close(): void;
}

export interface PersonOptions {
  readonly io: Io;
  readonly stage: Stage;
  readonly asked: boolean;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function createPerson({ io, stage, asked, command, args, env }: PersonOptions): Person {
  const terminal = asked ? createInterface({ input: io.stdin, output: io.stdout }) : undefined;

  const run = (...words: readonly string[]): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      execFile(command, [...args, ...words], { env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, output: `${stdout}${code === 0 ? '' : stderr}` });
      });
    });

  const ask = async (): Promise<{ decision: 'approve' | 'deny'; comment: string }> => {
    const answer = ((await terminal?.question('         Approve? y = approve, anything else = deny: ')) ?? '').trim();
    if (/^y(es)?$/i.test(answer)) return { decision: 'approve', comment: '' };
    const comment = (await terminal?.question('         What should the agent do instead? ')) ?? '';
    return { decision: 'deny', comment: comment.trim() };
  };

  return {
    asked,
    run,
    decide: async (id, scripted) => {
      stage.says('person', `$ countersign approvals show ${id}`);
      stage.shows((await run('approvals', 'show', id, '--sandbox')).output, 60);
      const { decision, comment } = asked ? await ask() : scripted;
      const words = comment === '' ? [] : ['--comment', comment];
      stage.says(
        'person',
        `$ countersign approvals ${decision} ${id}${comment === '' ? '' : ` --comment "${comment}"`}`,
      );
      const { code, output } = await run('approvals', decision, id, '--sandbox', ...words);
      stage.shows(output);
      if (code !== 0) throw new CountersignError('Failed', `The vote on ${id} did not count`);
      return decision;
    },
    close: () => terminal?.close(),
  };
}
