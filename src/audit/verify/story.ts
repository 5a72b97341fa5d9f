import { type JsonObject, listAt, numberAt, stringAt } from '../../domain/json.ts';
import { isOutcome, parseLine, wasSent } from '../line.ts';

/** Where a line stands. */
export interface Place {
  readonly file: string;
  readonly line: number;
}
export interface StoryFault extends Place {
  readonly message: string;
}

interface Authorization extends Place {
  readonly invocation: string;
  readonly approval: string | undefined;
  readonly planDigest: string | undefined;
  readonly needs: number;
  readonly review: boolean;
}

interface ApprovalFacts {
  planDigest?: string | undefined;
  requested: boolean;
  needs: number;
  claims: number;
  used: number;
  /** Whether its rules let one person countersign alone. */
  glass: boolean;
  /** The last vote of each person that is for this plan. */
  readonly votes: Map<string, { readonly n: number; readonly decision: string; readonly glass: boolean }>;
}

/**
 * Whether the lines tell a story that may have happened: what ran was authorized, what needed people had them, and nothing was
 * used twice. Lines come chain by chain, so it is judged at the end.
 */
export class Story {
  readonly #approvals = new Map<string, ApprovalFacts>();
  readonly #authorized = new Map<string, Authorization>();
  readonly #reviewed: Authorization[] = [];
  readonly #forReview = new Set<string>();
  /** Invocations that changed something: a second grant for one is a fault, also after its outcome. */
  readonly #granted = new Set<string>();
  readonly #elsewhere = new Map<string, Place>();
  /** Found out later: the line may stand in a chain that is read before the one that authorized it. */
  readonly #reconciled = new Set<string>();
  readonly #faults: StoryFault[] = [];

  take(type: string, bytes: Buffer, place: Place): void {
    if (!interesting.has(type)) return;
    const line = parseLine(bytes);
    const invocation = stringAt(line, 'invocation') ?? '';
    if (type === 'Authorized') this.#authorize(invocation, line, place);
    else if (type === 'Decided') this.#decide(invocation, line);
    else if (isOutcome(type)) this.#outcome(invocation, line, place);
    else if (type === 'Reconciled') this.#reconcile(invocation, line);
    else this.#approval(type, line, place);
  }

  /** Invocations that were authorized and whose outcome is not known. */
  get openIntents(): readonly string[] {
    return [...this.#authorized.keys()].filter((invocation) => !this.#reconciled.has(invocation));
  }

  end(): readonly StoryFault[] {
    for (const [invocation, place] of this.#elsewhere)
      if (!this.#authorized.delete(invocation)) this.#fault(place, 'it ran without an Authorized line');
    for (const authorization of this.#reviewed) this.#judge(authorization);
    return this.#faults;
  }

  #authorize(invocation: string, line: JsonObject, place: Place): void {
    const approval = stringAt(line, 'approval');
    const review = stringAt(line, 'verdict') === 'review';
    const { planDigest, needs } = { planDigest: stringAt(line, 'planDigest'), needs: numberAt(line, 'needs') ?? 1 };
    const authorization = { ...place, invocation, approval, planDigest, needs, review };
    const again = this.#authorized.has(invocation) || this.#granted.has(invocation);
    if (again) this.#fault(place, 'its invocation was authorized before');
    if (line.needs !== undefined) this.#granted.add(invocation);
    this.#authorized.set(invocation, authorization);
    if (approval !== undefined || review || this.#forReview.delete(invocation)) this.#reviewed.push(authorization);
    if (approval !== undefined) this.#factsOf(approval).used += 1;
  }

  #decide(invocation: string, line: JsonObject): void {
    if (stringAt(line, 'verdict') === 'review') this.#forReview.add(invocation);
    else this.#forReview.delete(invocation);
  }

  #outcome(invocation: string, line: JsonObject, place: Place): void {
    this.#forReview.delete(invocation);
    if (!this.#authorized.delete(invocation) && wasSent(line)) this.#elsewhere.set(invocation, place);
  }

  /** That nobody knows is no end of it. */
  #reconcile(invocation: string, line: JsonObject): void {
    if (line.state !== 'unknown') this.#reconciled.add(invocation);
  }

  #approval(type: string, line: JsonObject, place: Place): void {
    const id = stringAt(line, 'approval');
    if (id === undefined) {
      this.#fault(place, `it is ${type} without an approval`);
      return;
    }
    const facts = this.#factsOf(id);
    if (type === 'ApprovalClaimed') facts.claims += 1;
    else if (type === 'ApprovalRequested') {
      facts.requested = true;
      facts.planDigest = stringAt(line, 'planDigest');
      facts.needs = numberAt(line, 'need') ?? 1;
      facts.glass = listAt(line, 'breakGlassGroups').length > 0;
    } else this.#vote(facts, type, line, place);
  }

  #vote(facts: ApprovalFacts, type: string, line: JsonObject, place: Place): void {
    const person = stringAt(line, 'approver');
    const n = numberAt(line, 'n') ?? 0;
    if (person === undefined) this.#fault(place, 'it is a vote of nobody');
    else if (n >= (facts.votes.get(person)?.n ?? 0)) {
      const decision = type === 'VoteWithdrawn' ? 'undo' : (stringAt(line, 'decision') ?? '');
      facts.votes.set(person, { n, decision, glass: line.breakGlass === true });
    }
  }

  #judge(authorization: Authorization): void {
    const { approval, planDigest, needs } = authorization;
    if (approval === undefined) {
      this.#fault(authorization, 'it needed a person and names no approval');
      return;
    }
    const facts = this.#factsOf(approval);
    const votes = [...facts.votes.values()];
    const approving = votes.filter(({ decision }) => decision === 'approve').length;
    const alone = facts.glass && votes.some(({ decision, glass }) => decision === 'approve' && glass);
    const need = alone ? 1 : Math.max(1, needs, facts.needs);
    const say = (message: string): void => this.#fault(authorization, `approval ${approval} ${message}`);
    if (!facts.requested) say('was never requested');
    else if (facts.planDigest !== planDigest) say('was requested for another planDigest');
    if (facts.claims === 0) say('was never claimed');
    if (facts.claims > 1 || facts.used > 1) say('was used more than once');
    if (approving < need) say(`has ${approving} of the ${need} people that it needs`);
    if (votes.some(({ decision }) => decision === 'deny')) say('was denied');
  }

  #factsOf(approval: string): ApprovalFacts {
    const known = this.#approvals.get(approval);
    if (known !== undefined) return known;
    const facts: ApprovalFacts = { requested: false, needs: 1, claims: 0, used: 0, glass: false, votes: new Map() };
    this.#approvals.set(approval, facts);
    return facts;
  }

  #fault({ file, line }: Place, message: string): void {
    this.#faults.push({ file, line, message });
  }
}

const interesting = new Set([
  'Authorized',
  'Decided',
  'Executed',
  'Failed',
  'Unknown',
  'Reconciled',
  'ApprovalRequested',
  'ApprovalVoted',
  'VoteWithdrawn',
  'ApprovalClaimed',
]);
