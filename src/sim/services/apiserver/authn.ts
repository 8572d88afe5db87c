/**
 * Who asks: a client certificate's subject and organizations, or a service account's token; then whom
 * they ask to be taken for. k8s.io/apiserver/pkg/authentication v1.14.
 */
import type { HttpRequest } from '../../proc/http.ts';
import type { Sys } from '../../proc/program.ts';
import type { Us } from '../../engine/time.ts';
import { unbase64 } from '../../proc/certificate.ts';
import { builtin } from '../../kube/kinds.ts';
import { isFailure } from '../../kube/status.ts';
import { readToken, userName } from '../../kube/token.ts';
import type { Secret } from '../../kube/types.ts';
import type { Options, User } from './request.ts';
import { getStored, keyOf } from './store.ts';

const AUTHENTICATED = 'system:authenticated';
export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const header = (request: HttpRequest, name: string): string | undefined => {
  const exact = request.headers[name];
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  for (const key in request.headers) if (key.toLowerCase() === wanted) return request.headers[key];
  return undefined;
};
export { header };

/** null: nobody (401). */
export function* authenticate(options: Options, request: HttpRequest, now: Us): Sys<User | null> {
  const { cert } = request;
  if (cert && cert.ca === options.clientCa) {
    if (cert.notAfter !== undefined && cert.notAfter < now) return null;
    return { name: cert.subject, groups: [...(cert.organizations ?? []), AUTHENTICATED] };
  }
  const authorization = header(request, 'Authorization');
  const bearer = authorization && /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
  if (bearer) return yield* byToken(options, bearer, now);
  return options.anonymous ? ANONYMOUS : null;
}

/** The token must be the one of a secret that still exists, and so must the account. */
export function* byToken(options: Options, token: string, now: Us): Sys<User | null> {
  const claims = readToken(token, options.serviceAccountKey);
  if (!claims) return null;
  if (claims.expires !== undefined && claims.expires * 1_000_000 < now) return null;
  if (claims.secret) {
    const secret = yield* getStored(options, keyOf(builtin('secrets'), claims.namespace, claims.secret), true);
    if (secret === null || isFailure(secret) || secret.value.metadata.deletionTimestamp) return null;
    const stored = (secret.value as Secret).data?.['token'];
    if (stored === undefined || unbase64(stored) !== token) return null;
  }
  const account = yield* getStored(options, keyOf(builtin('serviceaccounts'), claims.namespace, claims.account), true);
  if (account === null || isFailure(account) || account.value.metadata.uid !== claims.uid) return null;
  return serviceAccountUser(claims.namespace, claims.account, claims.uid);
}

export const serviceAccountUser = (namespace: string, name: string, uid?: string): User => ({
  name: userName(namespace, name), groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED], ...(uid ? { uid } : {}),
});

/** `kubectl --as`: the user asked for, or null when none is. */
export function impersonated(request: HttpRequest): User | null {
  const name = header(request, 'Impersonate-User');
  if (!name) return null;
  const groups = (header(request, 'Impersonate-Group') ?? '').split(',').map((g) => g.trim()).filter(Boolean);
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account && !groups.length) return serviceAccountUser(account[1]!, account[2]!);
  return { name, groups: name === 'system:anonymous' ? groups : [...groups, AUTHENTICATED] };
}
