import { ident, type Masked, say } from '../../domain/masked.ts';
import type { Masker } from '../../domain/masker.ts';
import type { Plan } from '../../domain/plan.ts';

/** What an approver should see first: the facts of a plan that are dangerous, one a line. */
export function risksOf(masker: Masker, { facts, effects }: Plan): readonly Masked<string>[] {
  return [
    ...(facts.execCommand.length > 0 ? [say`runs a program in a container`] : []),
    ...(facts.uninspectable ? [say`too large or too strange to be inspected whole`] : []),
    ...(facts.effectUnknown ? [say`its effect is not known before it runs`] : []),
    ...(facts.touchesSecret ? [say`touches a Secret`] : []),
    ...facts.deletes.map((object) => say`deletes ${ident(object)}`),
    ...withIt(facts.deletes.length > 0 ? facts.deletedWith : 0),
    ...effects.flatMap(({ takes }) =>
      takes.map(({ path, manager }) => say`takes ${masker.echo(path)} from ${masker.echo(manager)}`),
    ),
    ...facts.removesFields.map((path) => say`removes ${masker.echo(path)}`),
    ...facts.finalizersRemoved.map((finalizer) => say`removes finalizer ${masker.echo(finalizer)}`),
    ...(facts.replicas ?? []).filter(({ to }) => to === 0).map(({ object }) => say`scales ${ident(object)} to zero`),
    ...(facts.terminating ? [say`the object is being deleted already`] : []),
    ...(facts.warnings > 0 ? [say`the API server warns (${facts.warnings})`] : []),
  ];
}

function withIt(count: number | undefined): readonly Masked<string>[] {
  if (count === undefined) return [say`what goes with it could not be counted`];
  return count === 0 ? [] : [say`${count} other objects go with it`];
}
