import { ident, join, type Masked, say } from '../../domain/masked.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Bundle } from '../../policy/bundle.ts';
import { policyInWords } from '../../policy/words.ts';

/** The rules that concern a caller, as it reads them. */
export function policyText(bundle: Bundle, principal: Principal): Masked<string> {
  const { bundleDigest, fault, never, waits, flows } = policyInWords(bundle, principal);
  if (fault !== undefined) return say`The policy cannot be used, so every call is refused. Tell the operator.`;
  const lines = [
    say`Policy ${ident(bundleDigest)} for ${ident(principal.agent)}. All rules that match count; the strictest wins; what no rule allows is denied.`,
    ...section(say`Never, and nobody can lift it:`, never),
    ...section(say`Waits for people:`, waits),
    ...section(say`Flows without asking:`, flows),
    say`What a rule looks at in the plan is not all said here: check a call with dryRun.`,
  ];
  return join(lines, say`\n`);
}

const section = (title: Masked<string>, rules: readonly string[]): readonly Masked<string>[] =>
  rules.length === 0 ? [] : [title, ...rules.map((rule) => say`- ${ident(rule)}`)];
