import { asciiLine } from '../approval/escape.ts';
import type { Composition } from '../composition.ts';
import { iso } from '../domain/environment.ts';
import { CountersignError, invalid } from '../domain/errors.ts';
import { ident } from '../domain/masked.ts';
import type { Suspension } from '../identity/suspensions.ts';
import { type ExitCode, type Io, json, line } from './io.ts';
import { operator, type StateOptions, withState } from './state-access.ts';

export interface PrincipalOptions extends StateOptions {
  readonly issuer?: string;
  readonly reason?: string;
}

export const listSuspended = (options: StateOptions, io: Io): Promise<ExitCode> =>
  withState(options, io, async ({ identity }) => {
    const found = await identity.suspensions.list();
    if (options.json === true) json(io, found.map(plain));
    else if (found.length === 0) line(io, 'Nobody is suspended.');
    else for (const suspension of found) line(io, words(suspension));
    return 0;
  });

/** In force first, written down then: a log that cannot be written must not keep somebody going. */
export const suspend = (name: string, options: PrincipalOptions, io: Io): Promise<ExitCode> =>
  withState(options, io, async (composition) => {
    const { issuer, reason = '' } = options;
    const suspension = await putInForce(composition, { name, reason, ...(issuer === undefined ? {} : { issuer }) });
    if (suspension === undefined)
      throw new CountersignError('Conflict', `${name} is suspended already`, {
        hint: 'see: countersign principals list',
      });
    if (options.json === true) json(io, plain(suspension));
    else line(io, suspendedWords(suspension));
    return 0;
  });

/** Undefined: it stood already. */
export async function putInForce(
  composition: Composition,
  what: Pick<Suspension, 'name' | 'issuer' | 'reason'>,
): Promise<Suspension | undefined> {
  const { name, issuer = '', reason } = what;
  const bad = [name, reason, issuer].some((text) => !/^[\x20-\x7e]*$/.test(text));
  if (name === '' || bad || name.length > 512 || reason.length > 500)
    throw invalid('name, issuer and reason are printable ASCII, the reason at most 500 characters');
  const suspension: Suspension = { version: 1, ...what, by: operator(composition), at: Date.now() };
  const { version: _, ...rest } = suspension;
  if (!(await composition.identity.suspensions.suspend(rest))) return undefined;
  await record(composition, 'PrincipalSuspended', suspension);
  await composition.identity.withdrawSuspended();
  return suspension;
}

export const suspendedWords = (suspension: Suspension): string => `suspended  ${words(suspension)}`;

/** Written down first: nobody goes on in a way that the log does not explain. */
export const resume = (name: string, options: PrincipalOptions, io: Io): Promise<ExitCode> =>
  withState(options, io, async (composition) => {
    const { suspensions } = composition.identity;
    const { issuer } = options;
    const found = (await suspensions.list()).find((each) => each.name === name && each.issuer === issuer);
    if (found === undefined)
      throw new CountersignError('NotFound', `${asciiLine(name)} is not suspended`, {
        hint: 'see: countersign principals list; a suspension with an issuer is resumed with --issuer',
      });
    await record(composition, 'PrincipalResumed', { ...found, by: operator(composition) });
    await suspensions.resume(name, issuer);
    if (options.json === true) json(io, plain(found));
    else line(io, `resumed  ${words(found)}`);
    return 0;
  });

const record = (
  { audit }: Composition,
  type: 'PrincipalSuspended' | 'PrincipalResumed',
  { name, issuer, by, reason }: Omit<Suspension, 'version' | 'at'>,
): Promise<void> =>
  audit.append({
    type,
    invocation: '',
    fields: {
      principal: ident(name),
      ...(issuer === undefined ? {} : { issuer: ident(issuer) }),
      by: ident(by),
      ...(reason === '' || type === 'PrincipalResumed' ? {} : { message: ident(reason) }),
    },
  });

const words = ({ name, issuer, reason, by, at }: Suspension): string =>
  asciiLine(
    [
      name,
      ...(issuer === undefined ? [] : [`of ${issuer}`]),
      `since ${iso(at)} by ${by}`,
      ...(reason === '' ? [] : [reason]),
    ].join('  '),
  );

const plain = ({ name, issuer, reason, by, at }: Suspension): object => ({ name, issuer, reason, by, at: iso(at) });
