/** `kubectl cp`: a tar archive through exec; the container must have tar (1.14). */
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import type { Api } from './api.ts';
import { podPath } from './exec.ts';
import { done, plain, type Outcome } from './failure.ts';
import { flagTable } from './flags.ts';
import type { Obj } from './object.ts';
import { openRemote } from './remote.ts';
import type { Kubectl } from './session.ts';
import { pack, unpack, type Member } from './tar.ts';
import type { Verb } from './verb.ts';

export const cp: Verb = {
  name: 'cp', group: 'Troubleshooting and Debugging Commands:', usage: 'cp <file-spec-src> <file-spec-dest>', short: 'Copy files and directories to and from containers.', long: 'Copy files and directories to and from containers.\n\nThe container needs the program tar.',
  examples: [['A local folder to a pod', 'kubectl cp /tmp/foo_dir <some-pod>:/tmp/bar_dir'], ['To one of its containers', 'kubectl cp /tmp/foo <some-pod>:/tmp/bar -c <specific-container>'], ['To a pod of another namespace', 'kubectl cp /tmp/foo <some-namespace>/<some-pod>:/tmp/bar'], ['From a pod', 'kubectl cp <some-namespace>/<some-pod>:/tmp/foo /tmp/bar']],
  flags: flagTable(`
    container,c string The container; the first one of the pod by default
    no-preserve bool Leave owners and rights to the container
  `),
  run,
};

const USAGE = "expected 'cp <file-spec-src> <file-spec-dest> [-c container]'.\n<file-spec> is:\n[namespace/]pod-name:/file/path for a remote file\n/file/path for a local file";

interface Spec { namespace: string; pod: string; file: string }

function parseSpec(text: string): Outcome<Spec> {
  const at = text.indexOf(':');
  if (at === 0) return plain('Filespec must match the canonical format: [[namespace/]pod:]file/path');
  if (at < 0) return done({ namespace: '', pod: '', file: text });
  const words = text.slice(0, at).split('/');
  if (words.length > 2) return plain('Filespec must match the canonical format: [[namespace/]pod:]file/path');
  return done({ namespace: words.length === 2 ? words[0]! : '', pod: words.at(-1)!, file: text.slice(at + 1) });
}

function* run(k: Kubectl): Sys<number> {
  if (k.args.length !== 2) return yield* k.fail(k.usage(USAGE).failure);
  const [from, to] = [parseSpec(k.args[0]!), parseSpec(k.args[1]!)];
  if (!from.ok || !to.ok) return yield* k.fail((from.ok ? to as typeof from & { ok: false } : from).failure);
  const api = yield* k.api();
  if (!api.ok) return yield* k.fail(api.failure);
  let got: Outcome<null>;
  if (from.value.pod && to.value.pod) {
    const local = yield* call('stat', { path: k.args[0]! });
    got = local.ok ? yield* toPod(k, api.value, { namespace: '', pod: '', file: k.args[0]! }, to.value) : plain("src doesn't exist in local filesystem");
  } else if (from.value.pod) got = yield* fromPod(k, api.value, from.value, to.value);
  else if (to.value.pod) got = yield* toPod(k, api.value, from.value, to.value);
  else got = plain('one of src or dest must be a remote file specification');
  return got.ok ? 0 : yield* k.fail(got.failure);
}

interface Ran { stdout: string; exit: number }

/** A command in the pod with this input; its stderr is ours unless it is to be silent. */
function* remote(k: Kubectl, api: Api, spec: Spec, command: readonly string[], input: string | null, silent: boolean): Sys<Outcome<Ran>> {
  const namespace = spec.namespace || api.config.namespace;
  const pod = yield* api.get(`/api/v1/namespaces/${namespace}/pods/${spec.pod}`, undefined, `get pods ${spec.pod}`);
  if (!pod.ok) return pod;
  const phase = pod.value['status']?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return plain(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  const containers = (pod.value['spec']?.containers ?? []) as Obj[];
  const container = k.flags.str('container') || String(containers[0]?.['name'] ?? '');
  if (!k.flags.str('container') && containers.length > 1 && !silent) yield* err(`Defaulting container name to ${container}.\n`);
  const fd = yield* openRemote(api, podPath(pod.value, 'exec'), { command, container, stdin: input !== null || undefined, stdout: true, stderr: true });
  if (!fd.ok) return fd;
  if (input !== null) {
    yield* call('send', { fd: fd.value, data: { stdin: input }, size: input.length });
    yield* call('send', { fd: fd.value, data: { eof: true } });
  }
  let stdout = '';
  for (;;) {
    const part = yield* call('recv', { fd: fd.value });
    const message = part.ok && part.value !== null ? (part.value.data as { stdout?: string; stderr?: string; exit?: number; error?: string }) : { exit: 1 };
    stdout += message.stdout ?? '';
    if (message.stderr && !silent) yield* err(message.stderr);
    if (message.error) { yield* call('close', { fd: fd.value }); return plain(message.error); }
    if (message.exit !== undefined) {
      yield* call('close', { fd: fd.value });
      return done({ stdout, exit: message.exit });
    }
  }
}

const base = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) || '/';
const dirname = (path: string): string => { const at = path.lastIndexOf('/'); return at < 0 ? '.' : at === 0 ? '/' : path.slice(0, at); };

function* gather(path: string, name: string, into: Member[]): Sys<string | null> {
  const stat = yield* call('stat', { path, follow: false });
  if (!stat.ok) return `lstat ${path}: ${strerror(stat.errno).toLowerCase()}`;
  const { type, mode, mtime } = stat.value;
  const common = { mode: mode & 0o7777, mtimeSeconds: Math.floor(mtime / 1e6) };
  if (type === 'dir') {
    const names = yield* call('readdir', { path });
    if (!names.ok) return `open ${path}: ${strerror(names.errno).toLowerCase()}`;
    if (!names.value.length) into.push({ path: `${name}/`, ...common, content: null });
    for (const one of names.value) {
      const problem = yield* gather(`${path}/${one}`, `${name}/${one}`, into);
      if (problem) return problem;
    }
  } else if (type === 'symlink') into.push({ path: name, ...common, content: '', link: stat.value.target ?? '' });
  else {
    const text = yield* call('readFile', { path });
    if (!text.ok) return `open ${path}: ${strerror(text.errno).toLowerCase()}`;
    into.push({ path: name, ...common, content: text.value });
  }
  return null;
}

function* toPod(k: Kubectl, api: Api, from: Spec, to: Spec): Sys<Outcome<null>> {
  if (!from.file || !to.file) return plain('filepath can not be empty');
  const local = yield* call('stat', { path: from.file });
  if (!local.ok) return plain(`${from.file} doesn't exist in local filesystem`);
  let target = to.file !== '/' ? to.file.replace(/\/$/, '') : to.file;
  const isDir = yield* remote(k, api, to, ['test', '-d', target], null, true);
  if (!isDir.ok) return isDir;
  if (isDir.value.exit === 0) target = `${target === '/' ? '' : target}/${base(from.file)}`;
  const members: Member[] = [];
  const problem = yield* gather(from.file.replace(/\/+$/, '') || '/', base(target), members);
  if (problem) return plain(problem);
  const ran = yield* remote(k, api, to, ['tar', ...(k.flags.bool('no-preserve') ? ['--no-same-permissions', '--no-same-owner'] : []), '-xf', '-', '-C', dirname(target)], pack(members), false);
  if (!ran.ok) return ran;
  yield* out(ran.value.stdout);
  return ran.value.exit === 0 ? done(null) : { ok: false, failure: { is: 'bare', text: `command terminated with exit code ${ran.value.exit}\n`, exit: ran.value.exit } };
}

function* fromPod(k: Kubectl, api: Api, from: Spec, to: Spec): Sys<Outcome<null>> {
  if (!from.file || !to.file) return plain('filepath can not be empty');
  const ran = yield* remote(k, api, from, ['tar', 'cf', '-', from.file], null, false);
  if (!ran.ok) return ran;
  if (ran.value.exit !== 0) return { ok: false, failure: { is: 'bare', text: `${ran.value.stdout && !unpack(ran.value.stdout) ? ran.value.stdout : ''}command terminated with exit code ${ran.value.exit}\n`, exit: ran.value.exit } };
  const members = unpack(ran.value.stdout);
  if (!members) return plain('archive/tar: invalid tar header');
  const prefix = from.file.replace(/^\/+/, '').replace(/\/+$/, '');
  const stat = yield* call('stat', { path: to.file });
  const root = stat.ok && stat.value.type === 'dir' ? `${to.file.replace(/\/$/, '')}/${base(from.file)}` : to.file;
  for (const member of members) {
    const inside = member.path.replace(/^\/+/, '').replace(/\/+$/, '').slice(prefix.length);
    if (inside.split('/').includes('..')) return plain('tar contents corrupted');
    const path = root + inside;
    if (member.content === null) { yield* makeDirs(path); continue; }
    yield* makeDirs(dirname(path));
    if (member.link !== undefined) { yield* call('symlink', { target: member.link, path }); continue; }
    const written = yield* call('writeFile', { path, text: member.content, mode: 0o644 });
    if (!written.ok) return plain(`open ${path}: ${strerror(written.errno).toLowerCase()}`);
  }
  return done(null);
}

function* makeDirs(path: string): Sys<void> {
  const parts = path.split('/');
  for (let i = 1; i <= parts.length; i++) {
    const one = parts.slice(0, i).join('/');
    if (one && one !== '.') yield* call('mkdir', { path: one, mode: 0o755 });
  }
}
