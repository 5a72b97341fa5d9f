import type { Ownership } from '../../../domain/effect.ts';
import type { ObjectFacts } from '../../../domain/facts/spec.ts';
import { ident, say } from '../../../domain/masked.ts';
import type { Masker } from '../../../domain/masker.ts';
import { few, type Risk, risk } from './risk.ts';

/** What is done to the object, what of that nobody knows, and who will not like it. */
export function changeRisks(masker: Masker, facts: ObjectFacts, takes: readonly Ownership[]): readonly Risk[] {
  const { exec, replicas, deletedWith, ownedBy } = facts;
  const deletes = facts.action === 'delete';
  const echoed = (values: readonly string[]) => few(values.map((value) => masker.echo(value)));
  return [
    ...risk(exec.argv.length > 0 && !exec.shell, 'takesOver', say`runs a program in a container`),
    ...risk(
      exec.shell,
      'takesOver',
      say`runs a shell in a container${exec.stdin ? ident(', with commands on its standard input') : ident('')}`,
    ),
    ...risk(facts.uninspectable, 'unknown', say`cannot be inspected whole: ${echoed(facts.uninspectableBecause)}`),
    ...risk(facts.effectUnknown, 'unknown', say`its effect is not known before it runs`),
    ...risk(
      deletes,
      'destroys',
      say`deletes ${ident(`${facts.resource} ${facts.namespace === '' ? '' : `${facts.namespace}/`}${facts.name}`)}`,
    ),
    ...risk(deletes && deletedWith === undefined, 'destroys', say`what goes with it could not be counted`),
    ...risk(
      deletedWith !== undefined && deletedWith.total > 0,
      'destroys',
      say`${deletedWith?.total ?? 0} other objects go with it`,
    ),
    ...risk(
      facts.finalizersRemoved.length > 0,
      'destroys',
      say`removes finalizers: ${echoed(facts.finalizersRemoved)}`,
    ),
    ...risk(replicas?.toZero, 'destroys', say`scales to zero, from ${replicas?.from ?? 0}`),
    ...risk(replicas === undefined, 'unknown', say`how many replicas there will be is not known`),
    ...risk(
      takes.length > 0,
      'changes',
      say`takes ${few(takes.map(({ path, manager }) => say`${masker.echo(path)} from ${masker.echo(manager)}`))}`,
    ),
    ...risk(facts.removesFields.length > 0, 'changes', say`removes ${echoed(facts.removesFields)}`),
    ...risk(
      ownedBy !== undefined && ownedBy.gitops !== '',
      'mind',
      say`is kept by ${ident(ownedBy?.gitops ?? '')}, which may change it back`,
    ),
    ...risk(
      ownedBy !== undefined && ownedBy.helm !== '',
      'mind',
      say`belongs to Helm release ${masker.echo(ownedBy?.helm ?? '')}`,
    ),
    ...risk(
      ownedBy !== undefined && ownedBy.controller !== '',
      'mind',
      say`is controlled by a ${masker.echo(ownedBy?.controller ?? '')}`,
    ),
    ...risk(facts.terminating, 'mind', say`is being deleted already`),
    ...risk(facts.warnings > 0, 'mind', say`the API server warns (${facts.warnings})`),
  ];
}
