import { createHash } from 'node:crypto';
import type { RequestContext } from '../../domain/cluster.ts';
import { ident } from '../../domain/masked.ts';

/** For whom a role session is: everything of a call that AWS is told. */
export interface SessionOwner {
  readonly agent: string;
  /** Who vouches for the agent, and by which subject; undefined: it is the server itself. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly person: string | undefined;
  /** The approval; `''`: the policy alone allowed the change; undefined: nothing is changed. */
  readonly approval: string | undefined;
}

export const ownerOf = ({ agent, issuer, subject, person, approval }: RequestContext): SessionOwner => ({
  ...{ agent, issuer, subject, person, approval },
});

/** Owners with the same key share a session. */
export const ownerKey = ({ agent, issuer, subject, person, approval }: SessionOwner): string =>
  JSON.stringify([agent, issuer ?? null, subject ?? null, person ?? null, approval ?? null]);

/**
 * Readable, and told apart by a hash where that cut or replaced something: `countersign-deploy-bot-cs-7f3k2m-1f0c9a7be2`.
 * EKS shows it in the audit log of the cluster (`sessionName`). Letters, digits and +=,.@-, 2 to 64 characters.
 */
export function sessionName(prefix: string, owner: SessionOwner): string {
  const approval =
    owner.approval === undefined ? '' : `-${plain(owner.approval === '' ? 'policy' : owner.approval, 12)}`;
  return `${prefix}-${plain(owner.agent, 20)}${approval}-${hash(ownerKey(owner))}`;
}

/**
 * SourceIdentity: the agent, the same for all its sessions. CloudTrail keeps it over role chains. It is the name alone, so that a
 * trust policy can list agents; which issuer gave it stands in the tag and in the session's name.
 */
export const sourceIdentity = ({ agent }: SessionOwner): string =>
  /^[\w+=,.@-]{2,64}$/.test(agent) && !agent.startsWith('aws:') ? agent : `${plain(agent, 40)}-${hash(agent)}`;

/** Session tags: what trust policies can ask for (`aws:RequestTag/countersign:approval`) and CloudTrail records. */
export function sessionTags({ agent, issuer, person, approval }: SessionOwner): { Key: string; Value: string }[] {
  const tags = [{ Key: 'countersign:agent', Value: tagValue(agent) }];
  if (issuer !== undefined) tags.push({ Key: 'countersign:issuer', Value: tagValue(issuer) });
  if (person !== undefined) tags.push({ Key: 'countersign:person', Value: tagValue(person) });
  if (approval !== undefined)
    tags.push({ Key: 'countersign:approval', Value: approval === '' ? 'policy' : tagValue(approval) });
  return tags;
}

const plain = (text: string, most: number): string => text.replace(/[^\w+=,.@-]/g, '-').slice(0, most);

/** What AWS takes in a value; the rest is made visible first, so that no two values become one unseen. */
function tagValue(text: string): string {
  const shown = ident(text).replace(/[^A-Za-z0-9 _.:/=+\-@]/g, '_');
  return shown === text && text.length <= 256 ? text : `${shown.slice(0, 240)}-${hash(text)}`;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);
