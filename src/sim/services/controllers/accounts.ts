/**
 * Service accounts and their tokens: every namespace has `default`, every account a secret with a token
 * that the server accepts. pkg/controller/serviceaccount v1.14.
 */
import { base64 } from '../../proc/certificate.ts';
import type { Sys } from '../../proc/program.ts';
import { call } from '../../proc/syscalls.ts';
import { key } from '../../kube/pods.ts';
import { suffix, SUFFIX_COUNT } from '../../kube/names.ts';
import { makeToken } from '../../kube/token.ts';
import type { Secret, ServiceAccount } from '../../kube/types.ts';
import { type Controller, create, type Env, type Outcome, remove, update } from './framework.ts';
import { objects } from './pods.ts';

const TYPE = 'kubernetes.io/service-account-token';
const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';

export const accounts: Controller = {
  name: 'serviceaccount', source: 'serviceaccount-controller', reads: ['namespaces', 'serviceaccounts'],
  affected: ({ resource, obj, type }) => (resource === 'namespaces' ? (type === 'DELETED' ? [] : [obj.metadata.name]) : type === 'DELETED' && obj.metadata.name === 'default' ? [obj.metadata.namespace!] : []),
  *sync(namespace, env) {
    const there = env.caches['namespaces']![namespace];
    if (!there || there.metadata.deletionTimestamp || env.caches['serviceaccounts']![`${namespace}/default`]) return;
    const done = yield* create(env, 'v1', 'serviceaccounts', { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default', namespace } });
    return done.ok || done.reason === 'AlreadyExists' ? undefined : 'retry';
  },
};

const belongs = (secret: Secret, account: ServiceAccount): boolean =>
  secret.type === TYPE && secret.metadata.namespace === account.metadata.namespace && secret.metadata.annotations?.[NAME] === account.metadata.name
  && (secret.metadata.annotations[UID] ?? account.metadata.uid) === account.metadata.uid;

/** What the signing needs: the key's file and the root certificate's, read at the start. */
interface Keys { readonly key: string; readonly ca: string }

function tokenData(account: ServiceAccount, secret: string, keys: Keys): Record<string, string> {
  const { namespace, name, uid } = account.metadata;
  return { 'ca.crt': base64(keys.ca), namespace: base64(namespace!), token: base64(makeToken({ namespace: namespace!, account: name, uid: uid!, secret }, keys.key)) };
}

function* syncTokens(id: string, env: Env): Sys<Outcome> {
  const account = env.caches['serviceaccounts']![id] as ServiceAccount | undefined;
  const secrets = objects<Secret>(env.caches['secrets']).filter((s) => s.type === TYPE && `${s.metadata.namespace}/${s.metadata.annotations?.[NAME]}` === id);
  if (!account) {
    for (const secret of secrets) yield* remove(env, 'v1', 'secrets', secret);
    return;
  }
  if (account.metadata.deletionTimestamp) return;
  const got = yield* call('memGet', { key: 'keys' });
  const keys = (got.ok && got.value !== null ? got.value : { key: '', ca: '' }) as unknown as Keys;
  for (const secret of secrets) {
    if (!belongs(secret, account)) yield* remove(env, 'v1', 'secrets', secret);
    else if (!secret.data?.['token']) { // one made by hand is filled in
      const done = yield* update(env, 'v1', 'secrets', { ...secret, metadata: { ...secret.metadata, annotations: { ...secret.metadata.annotations, [UID]: account.metadata.uid! } }, data: { ...secret.data, ...tokenData(account, secret.metadata.name, keys) } } as Secret);
      if (!done.ok) return 'retry';
    }
  }
  const mine = secrets.filter((s) => belongs(s, account));
  const referenced = (account.secrets ?? []).filter((r) => mine.some((s) => s.metadata.name === r.name));
  if (referenced.length) return;
  let name = mine[0]?.metadata.name;
  if (!name) {
    const chance = yield* call('random', { below: SUFFIX_COUNT });
    name = `${account.metadata.name}-token-${suffix(chance.ok ? chance.value : 0)}`;
    const done = yield* create(env, 'v1', 'secrets', {
      kind: 'Secret', apiVersion: 'v1', type: TYPE, metadata: { name, namespace: account.metadata.namespace!, annotations: { [NAME]: account.metadata.name, [UID]: account.metadata.uid! } }, data: tokenData(account, name, keys),
    });
    if (!done.ok) return 'retry';
  }
  const done = yield* update(env, 'v1', 'serviceaccounts', { ...account, secrets: [...(account.secrets ?? []), { name }] } as ServiceAccount);
  return done.ok || done.status === 404 ? undefined : 'retry';
}

export const tokens: Controller = {
  name: 'tokens', source: 'tokens-controller', reads: ['serviceaccounts', 'secrets'],
  affected: ({ resource, obj }) => {
    if (resource === 'serviceaccounts') return [key(obj)];
    const account = (obj as Secret).type === TYPE ? obj.metadata.annotations?.[NAME] : undefined;
    return account ? [`${obj.metadata.namespace}/${account}`] : [];
  },
  sync: syncTokens,
};
