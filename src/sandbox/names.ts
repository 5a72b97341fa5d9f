import type { FieldFault } from './status.ts';
import { invalidValue } from './status.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/** What is wrong with an object's name (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/). */
export function nameFaults(name: string, group: string, kind: string): FieldFault[] {
  const field = 'metadata.name';
  if (group === 'rbac.authorization.k8s.io')
    return /^(\.\.?)$|[/%]/.test(name) ? [invalidValue(field, name, "may not be '.', '..' or contain '/' or '%'")] : [];
  const isLabel = kind === 'Namespace' || kind === 'Service';
  const limit = isLabel ? 63 : 253;
  if (name.length > limit) return [invalidValue(field, name, `must be no more than ${limit} characters`)];
  if (kind === 'Service') return label1035.test(name) ? [] : [invalidValue(field, name, label1035Text)];
  if (kind === 'Namespace') return label.test(name) ? [] : [invalidValue(field, name, labelText)];
  return subdomain.test(name) ? [] : [invalidValue(field, name, subdomainText)];
}
