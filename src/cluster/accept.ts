/** https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export const json = 'application/json';
export const table = 'application/json;as=Table;g=meta.k8s.io;v=v1, application/json';
export const metadata = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
export const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
export const discovery = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(', ');
/** A log is text; what refuses it is a Status. */
export const log = 'application/json, */*';
