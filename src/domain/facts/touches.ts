import type { ObjectFacts } from './spec.ts';

/** Network policies of Kubernetes, and of the plugins that have their own. */
const networkPolicies =
  /^(networkpolicies|globalnetworkpolicies|stagednetworkpolicies|stagedglobalnetworkpolicies|ciliumnetworkpolicies|ciliumclusterwidenetworkpolicies|adminnetworkpolicies|baselineadminnetworkpolicies|clusternetworkpolicies)\./;

export const isNetworkPolicy = (resource: string): boolean => networkPolicies.test(resource);

export const touches = (resource: string): ObjectFacts['touches'] => ({
  secrets: resource === 'secrets',
  namespaces: resource === 'namespaces',
  nodes: resource === 'nodes',
  persistentVolumes: resource === 'persistentvolumes',
  crds: resource === 'customresourcedefinitions.apiextensions.k8s.io',
  webhooks: resource.endsWith('.admissionregistration.k8s.io'),
  apiServices: resource === 'apiservices.apiregistration.k8s.io',
  rbac: resource.endsWith('.rbac.authorization.k8s.io'),
  networkPolicies: isNetworkPolicy(resource),
});
