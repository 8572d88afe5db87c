/**
 * Tokens of service accounts: three parts in base64url, the last a keyed digest of the others, so that a
 * forged or foreign one is refused. pkg/serviceaccount/{jwt,legacy}.go v1.14 in form.
 */
import { base64, unbase64 } from '../proc/certificate.ts';
import { sha256 } from './hash.ts';

export interface Claims { readonly namespace: string; readonly account: string; readonly uid: string; readonly secret?: string; /** Seconds since 1970. */ readonly expires?: number; readonly pod?: string }

const url = (text: string): string => base64(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const unurl = (text: string): string | null => {
  const plain = text.replace(/-/g, '+').replace(/_/g, '/');
  return unbase64(plain + '='.repeat((4 - (plain.length % 4)) % 4));
};

export const userName = (namespace: string, account: string): string => `system:serviceaccount:${namespace}:${account}`;

export function makeToken(claims: Claims, key: string): string {
  const head = url('{"alg":"RS256","kid":""}');
  const body = url(JSON.stringify({
    iss: 'kubernetes/serviceaccount', 'kubernetes.io/serviceaccount/namespace': claims.namespace,
    ...(claims.secret ? { 'kubernetes.io/serviceaccount/secret.name': claims.secret } : {}),
    'kubernetes.io/serviceaccount/service-account.name': claims.account, 'kubernetes.io/serviceaccount/service-account.uid': claims.uid,
    ...(claims.expires ? { exp: claims.expires } : {}), ...(claims.pod ? { 'kubernetes.io/pod.uid': claims.pod } : {}),
    sub: userName(claims.namespace, claims.account),
  }));
  return `${head}.${body}.${url(sha256(`${key}\n${head}.${body}`))}`;
}

/** The claims of a token signed with the key, or null. */
export function readToken(token: string, key: string): Claims | null {
  const [head, body, signature] = token.split('.');
  if (!head || !body || !signature || signature !== url(sha256(`${key}\n${head}.${body}`))) return null;
  const text = unurl(body);
  if (text === null) return null;
  try {
    const claims = JSON.parse(text) as Record<string, unknown>;
    const get = (name: string): string => (claims[`kubernetes.io/serviceaccount/${name}`] as string | undefined) ?? '';
    return {
      namespace: get('namespace'), account: get('service-account.name'), uid: get('service-account.uid'),
      ...(get('secret.name') ? { secret: get('secret.name') } : {}), ...(typeof claims['exp'] === 'number' ? { expires: claims['exp'] } : {}),
    };
  } catch { return null; }
}
