import type { CountersignError } from '../domain/errors.ts';
import { compose, ident, join, say } from '../domain/masked.ts';
import { type Outcome, statusOf } from '../domain/outcome.ts';

/** The answer to a `tools/call` that names no tool, and so never becomes a call. */
export const malformedCall = (): Outcome => ({
  status: 'invalid',
  message: say`The call names no tool: params.name must be the name of a tool.`,
  next: say`call a tool by its name, as tools/list has it.`,
  data: compose({}),
  text: undefined,
});

/**
 * The answer where there is no gate that could refuse: the configuration is bad, or something failed that must not. Message,
 * hint and lines hold our own words, identifiers and what the caller sent; upstream text is not shown, no masker being at hand.
 */
export const refusalWithoutGate = (error: CountersignError): Outcome => ({
  status: statusOf[error.code],
  message: say`${ident(sentence(error.message))}`,
  next: error.hint === undefined ? undefined : say`${ident(sentence(error.hint))}`,
  data: compose({ code: ident(error.code), details: error.lines.map(ident) }),
  text: join([...error.lines.map((line) => say`  ${ident(line)}`), say`(${ident(error.code)})`], say`\n`),
});

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
