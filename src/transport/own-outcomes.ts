import type { CountersignError } from '../domain/errors.ts';
import { compose, ident, join, say } from '../domain/masked.ts';
import { type Outcome, statusOf } from '../domain/outcome.ts';

/** Answers to what never becomes a call of a tool. */
export const unknownTool = (name: string, names: readonly string[]): Outcome => ({
  status: 'invalid',
  message: say`Unknown tool "${ident(name.slice(0, 100))}". This server has ${join(
    names.map((each) => say`${ident(each)}`),
    ident(', '),
  )}.`,
  next: say`call one of these tools; tools/list has what each takes.`,
  data: compose({ tools: names.map(ident) }),
  text: undefined,
});

export const malformedCall = (): Outcome => ({
  status: 'invalid',
  message: say`The call names no tool: params.name must be the name of a tool.`,
  next: say`call a tool by its name, as tools/list has it.`,
  data: compose({}),
  text: undefined,
});

/** `message` and `hint` hold our own words, identifiers and what the caller sent. Upstream text is not shown: no masker is at hand. */
export const unexpected = (error: CountersignError): Outcome => ({
  status: statusOf[error.code],
  message: say`${ident(error.message)}.`,
  next: error.hint === undefined ? undefined : say`${ident(error.hint)}.`,
  data: compose({ code: ident(error.code) }),
  text: undefined,
});
