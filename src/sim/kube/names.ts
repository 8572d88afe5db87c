/**
 * Names: the rules they must keep, and the random tails and uids that the server gives. Chance comes as
 * numbers from the caller. k8s.io/apimachinery/pkg/util/{rand,validation} v1.14.
 */
import { SAFE } from './hash.ts';

/** Five letters from one number below 27^5. */
export const SUFFIX_COUNT = 27 ** 5;
export function suffix(chance: number): string {
  let out = '';
  for (let i = 0; i < 5; i++) {
    out += SAFE[chance % 27]!;
    chance = Math.floor(chance / 27);
  }
  return out;
}

/** A version 1 uid, as the servers of that time gave: two numbers below 2^32 and a host part. */
export function uid(a: number, b: number, node: number): string {
  const hex = (n: number, width: number): string => n.toString(16).padStart(width, '0').slice(-width);
  return `${hex(a, 8)}-${hex(b >>> 16, 4)}-11e9-${hex(0x8000 | (b & 0x3fff), 4)}-525400${hex(node % 0x1000000, 6)}`;
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const PATH_SEGMENT = /[/%]/;

export const SUBDOMAIN_RULE = "a DNS-1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
export const LABEL_RULE = "a DNS-1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
export const DNS1035_RULE = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

export type NameForm = 'subdomain' | 'label' | 'dns1035' | 'path';
/** What is wrong with a name, or null. */
export function nameFault(name: string, form: NameForm): string | null {
  if (form === 'path') {
    if (name === '.' || name === '..') return `may not be '${name}'`;
    const m = PATH_SEGMENT.exec(name);
    return m ? `may not contain '${m[0]}'` : null;
  }
  const limit = form === 'subdomain' ? 253 : 63;
  if (name.length > limit) return `must be no more than ${limit} characters`;
  if (form === 'subdomain') return SUBDOMAIN.test(name) ? null : SUBDOMAIN_RULE;
  if (form === 'label') return LABEL.test(name) ? null : LABEL_RULE;
  return DNS1035.test(name) ? null : DNS1035_RULE;
}

const FORMS: Readonly<Record<string, NameForm>> = {
  Namespace: 'label', Service: 'dns1035', Role: 'path', RoleBinding: 'path', ClusterRole: 'path', ClusterRoleBinding: 'path', APIService: 'path',
};
export const nameForm = (kind: string): NameForm => FORMS[kind] ?? 'subdomain';
