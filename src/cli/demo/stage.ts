import { type Io, line } from '../io.ts';

/** What the audience sees: who does what, in plain lines; emphasis only where a terminal shows it. */
export interface Stage {
  act(title: string): void;
  says(who: string, text: string): void;
  /** The answer of a program, indented, at most `lines` of it. */
  shows(text: string, lines?: number): void;
  /** What the agent gets. */
  answers(status: unknown, text: string): void;
  check(what: string, holds: boolean): void;
  /** Whether every check held. */
  readonly good: boolean;
}

export function createStage(io: Io): Stage {
  const styled = io.stdout.isTTY === true && (io.env.NO_COLOR ?? '') === '';
  const style = (code: number, text: string): string => (styled ? `\u001b[${code}m${text}\u001b[0m` : text);
  let act = 0;
  let good = true;
  const stage: Stage = {
    act: (title) => {
      act += 1;
      line(io);
      line(io, style(1, `${act}. ${title}`));
    },
    says: (who, text) => line(io, `${style(36, who.padEnd(8))} ${text}`),
    shows: (text, lines = 40) => {
      const all = text.trimEnd().split('\n');
      for (const each of all.slice(0, lines)) line(io, `         ${style(2, '|')} ${each}`);
      if (all.length > lines) line(io, `         ${style(2, '|')} … ${all.length - lines} more lines`);
    },
    answers: (status, text) => {
      stage.says('server', `answers ${String(status)}`);
      stage.shows(text);
    },
    check: (what, holds) => {
      good &&= holds;
      line(io, `${holds ? style(32, 'ok      ') : style(31, 'FAIL    ')} ${what}`);
    },
    get good() {
      return good;
    },
  };
  return stage;
}
