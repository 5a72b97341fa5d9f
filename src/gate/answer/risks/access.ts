import type { ObjectFacts } from '../../../domain/facts/spec.ts';
import { say } from '../../../domain/masked.ts';
import type { Masker } from '../../../domain/masker.ts';
import { few, type Risk, risk } from './risk.ts';

/** Who gets rights, and what guards the cluster. */
export function accessRisks(masker: Masker, { rbac, touches, networkPolicy, ...facts }: ObjectFacts): readonly Risk[] {
  const changes = facts.action !== 'read';
  return [
    ...risk(rbac.bindsClusterAdmin, 'takesOver', say`gives cluster-admin`),
    ...risk(rbac.escalates, 'takesOver', say`grants ways to more rights (escalate, bind, impersonate, tokens, nodes)`),
    ...risk(rbac.bindsBroadly, 'takesOver', say`gives rights to everybody or to a whole namespace`),
    ...risk(facts.eksAccess, 'takesOver', say`decides who may reach the EKS cluster`),
    ...risk(facts.csrApproval, 'takesOver', say`approves a certificate`),
    ...risk(facts.tokenCreation, 'takesOver', say`makes a token of a service account`),
    ...risk(rbac.wildcards, 'takesOver', say`grants by wildcard`),
    ...risk(rbac.readsSecrets, 'takesOver', say`grants reading of Secrets`),
    ...risk(rbac.aggregates, 'takesOver', say`takes part in aggregated roles`),
    ...risk(
      facts.iamRoles.length > 0,
      'takesOver',
      say`gives AWS roles: ${few(facts.iamRoles.map((role) => masker.echo(role)))}`,
    ),
    ...risk(changes && touches.webhooks, 'takesOver', say`changes what admission checks`),
    ...risk(changes && touches.apiServices, 'takesOver', say`changes who answers for an API`),
    ...risk(changes && touches.nodes, 'takesOver', say`changes a node`),
    ...risk(networkPolicy.removed, 'exposes', say`removes a network policy, or what it covers`),
    ...risk(networkPolicy.opened, 'exposes', say`opens a network policy`),
    ...risk(touches.secrets, 'exposes', say`touches a Secret`),
    ...risk(changes && touches.crds, 'changes', say`changes a kind of the cluster`),
    ...risk(changes && touches.persistentVolumes, 'changes', say`changes a volume of the cluster`),
  ];
}
