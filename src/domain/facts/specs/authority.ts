import type { FactSpec } from './type.ts';

export const authoritySpecs = [
  {
    name: 'rbac',
    type: {
      fields: {
        wildcards: 'bool',
        escalates: 'bool',
        readsSecrets: 'bool',
        aggregates: 'bool',
        bindsBroadly: 'bool',
        bindsClusterAdmin: 'bool',
      },
    },
    meaning:
      'What a role grants: `*`, a way to more rights (escalate, bind, impersonate, tokens, certificate approval, the node proxy), reading Secrets, rules from other roles; and what a binding gives: to everybody or a whole namespace, or cluster-admin.',
    applies: 'roles and bindings that are applied; a delete grants nothing',
    empty: {
      wildcards: false,
      escalates: false,
      readsSecrets: false,
      aggregates: false,
      bindsBroadly: false,
      bindsClusterAdmin: false,
    },
    absentWhen: '',
  },
  {
    name: 'eksAccess',
    type: 'bool',
    meaning:
      'Whether it decides who may reach an EKS cluster: the ConfigMap aws-auth, access entries, identity mappings.',
    applies: 'everything but reads',
    empty: false,
    absentWhen: '',
  },
  {
    name: 'iamRoles',
    type: 'list<string>',
    meaning: 'AWS roles that a service account is given by annotation, or a pod identity association names.',
    applies: 'service accounts and pod identity associations that are applied',
    empty: [],
    absentWhen: '',
  },
  {
    name: 'csrApproval',
    type: 'bool',
    meaning: 'Whether a certificate signing request is approved.',
    applies: 'certificate signing requests, everything but reads',
    empty: false,
    absentWhen: '',
  },
  {
    name: 'tokenCreation',
    type: 'bool',
    meaning: 'Whether a service account token is minted: by request, or as a Secret of that type.',
    applies: 'everything but reads',
    empty: false,
    absentWhen: '',
  },
  {
    name: 'networkPolicy',
    type: { fields: { removed: 'bool', opened: 'bool' } },
    meaning:
      '`removed`: it is deleted, or covers other pods or directions than before; `opened`: it lets everybody through, or gains a rule, or one with other peers or ports.',
    applies: 'network policies, of Calico and Cilium too; everything but reads',
    empty: { removed: false, opened: false },
    absentWhen: '',
  },
] as const satisfies readonly FactSpec[];
