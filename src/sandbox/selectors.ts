import { type KubeObject, stringAt, valueAt } from './json.ts';
import { labelsOf } from './object.ts';
import { badRequest } from './status.ts';

export type Test = (object: KubeObject) => boolean;

/** A label selector (`a=b,c!=d,e in (f,g),!h`) as a test; 400 where it is none. */
export function labelTest(text: string): Test {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const tests = parts.filter((part) => part !== '').map(labelTerm);
  return (object) => tests.every((test) => test(object));
}

function labelTerm(term: string): Test {
  const value = (object: KubeObject, key: string): string | undefined => stringAt(labelsOf(object), key);
  const set = /^([^\s!=()]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(term);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((each) => each.trim());
    return (object) => values.includes(value(object, key) ?? '\u0000') === (operator === 'in');
  }
  const compared = /^([^\s!=()]+)\s*(==|=|!=)\s*([^\s!=()]*)$/.exec(term);
  if (compared) {
    const [, key = '', operator, wanted] = compared;
    return (object) => (value(object, key) === wanted) === (operator !== '!=');
  }
  const exists = /^(!?)\s*([^\s!=()]+)$/.exec(term);
  if (!exists) throw badRequest(`unable to parse requirement: ${JSON.stringify(term)} is not a label requirement`);
  const [, not, key = ''] = exists;
  return (object) => (value(object, key) === undefined) === (not === '!');
}

/** Fields that can be selected on, beside metadata.name and metadata.namespace, by resource. */
const selectable: Readonly<Record<string, RegExp>> = {
  pods: /^(status\.(phase|podIP)|spec\.(nodeName|restartPolicy|schedulerName|serviceAccountName))$/,
  events:
    /^(involvedObject\.(kind|namespace|name|uid|apiVersion|resourceVersion|fieldPath)|reason|reportingComponent|source|type)$/,
  secrets: /^type$/,
  namespaces: /^status\.phase$/,
  jobs: /^status\.successful$/,
  replicasets: /^status\.replicas$/,
};

/** A field selector (`metadata.name=web,status.phase!=Running`) as a test; 400 for a field that the kind lacks. */
export function fieldTest(text: string, resource: string): Test {
  const terms = text.split(',').filter((part) => part !== '');
  const tests = terms.map((term): Test => {
    const match = /^([^!=]+)(==|=|!=)(.*)$/.exec(term.trim());
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, wanted] = match;
    const isKnown = /^metadata\.(name|namespace)$/.test(field) || selectable[resource]?.test(field) === true;
    if (!isKnown) throw badRequest(`field label not supported: ${field}`);
    return (object) => {
      const value = valueAt(object, ...field.split('.'));
      return (String(value ?? '') === wanted) === (operator !== '!=');
    };
  });
  return (object) => tests.every((test) => test(object));
}
