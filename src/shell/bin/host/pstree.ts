/**
 * The tree of processes and where they stand: pstree of psmisc 22.20, pwdx of procps-ng, lsns of util-linux.
 */
import { err, out, terminal } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type ProcessInfo } from '../../../sim/proc/syscalls.ts';
import type { Command } from '../../command.ts';
import { getopt, has, valueOf } from './getopt.ts';
import { commandOf } from './ps.ts';
import { readUsers } from './users.ts';

interface Node { p: ProcessInfo; children: Node[] }
interface Look { pids: boolean; groups: boolean; args: boolean; apart: boolean; users: ReadonlyMap<number, string> | null; numeric: boolean }

function treeOf(list: readonly ProcessInfo[], p: ProcessInfo, numeric: boolean): Node {
  const children = list.filter((c) => c.ppid === p.pid && c.pid !== p.pid).map((c) => treeOf(list, c, numeric));
  children.sort((a, b) => (numeric || a.p.comm === b.p.comm ? a.p.pid - b.p.pid : a.p.comm < b.p.comm ? -1 : 1));
  return { p, children };
}

function label(node: Node, look: Look, parent: ProcessInfo | null): string {
  const { p } = node;
  const notes = [...(look.pids ? [String(p.pid)] : []), ...(look.groups ? [String(p.pgid)] : []), ...(look.users && parent && parent.uid !== p.uid ? [look.users.get(p.uid) ?? String(p.uid)] : [])];
  if (look.args) return [`${p.comm}${notes.map((n) => `,${n}`).join('')}`, ...p.argv.slice(1)].join(' ');
  return `${p.comm}${notes.length ? `(${notes.join(',')})` : ''}`;
}

/** Threads of a process show as `{name}`; equal leaves are drawn once with their number. */
function branches(node: Node, look: Look): { text: string; node: Node | null; count: number }[] {
  const rows: { text: string; node: Node | null; count: number }[] = [];
  for (const child of node.children) {
    const text = label(child, look, node.p);
    const same = rows.find((r) => r.node !== null && r.text === text && !look.apart && leafLike(r.node, look) === leafLike(child, look));
    if (same) same.count++; else rows.push({ text, node: child, count: 1 });
  }
  const extra = node.p.threads - 1;
  if (extra > 0 && !look.args && !look.pids) rows.push({ text: `{${node.p.comm}}`, node: null, count: extra });
  return rows;
}
const leafLike = (node: Node, look: Look): string => JSON.stringify(branches(node, look).map((b) => [b.text, b.count, b.node ? leafLike(b.node, look) : '']));

/** With arguments a line for each process; else a parent and its first child share a line. */
function draw(node: Node, look: Look, parent: ProcessInfo | null, prefix: string, lines: string[]): void {
  const text = label(node, look, parent);
  const below = branches(node, look);
  if (!below.length) { lines.push(prefix + text); return; }
  if (look.args) {
    lines.push(prefix + text);
    below.forEach((b, i) => drawArgs(b, look, `${prefix}  `, i === below.length - 1, lines));
    return;
  }
  const pad = prefix + ' '.repeat(text.length);
  below.forEach((b, i) => {
    const last = i === below.length - 1;
    const joint = i === 0 ? (last ? '───' : '─┬─') : last ? ' └─' : ' ├─';
    const head = i === 0 ? prefix + text : pad;
    const many = b.count > 1 ? `${b.count}*[` : '';
    const inner: string[] = [];
    if (b.node) draw(b.node, look, node.p, '', inner); else inner.push(b.text);
    if (many) { inner[0] = many + inner[0]!; inner[inner.length - 1] += ']'; }
    const next = pad + (last ? '   ' : ' │ ') + ' '.repeat(many.length);
    inner.forEach((line, k) => lines.push(k === 0 ? `${head}${joint}${line}` : `${next}${line}`));
  });
}

function drawArgs(b: { text: string; node: Node | null; count: number }, look: Look, prefix: string, last: boolean, lines: string[]): void {
  const many = b.count > 1 ? `${b.count}*[` : '';
  lines.push(`${prefix}${last ? '└─' : '├─'}${many}${b.text}${many ? ']' : ''}`);
  if (!b.node) return;
  const below = branches(b.node, look);
  below.forEach((c, i) => drawArgs(c, look, `${prefix}${last ? '    ' : '│   '}`, i === below.length - 1, lines));
}

export const pstree: Command = {
  name: 'pstree',
  *main({ argv }) {
    const got = getopt('pstree', argv.slice(1), { short: 'aAcgnlpsuUV', long: { arguments: ['none', 'a'], ascii: ['none', 'A'], compact: ['none', 'c'], 'show-pids': ['none', 'p'], 'show-pgids': ['none', 'g'], 'show-parents': ['none', 's'], 'uid-changes': ['none', 'u'], 'numeric-sort': ['none', 'n'], long: ['none', 'l'], unicode: ['none', 'U'], version: ['none', 'V'] } });
    if (!got.ok) { yield* err(`${got.error}\nUsage: pstree [ -a ] [ -c ] [ -h | -H PID ] [ -l ] [ -n ] [ -p ] [ -g ] [ -u ]\n              [ -A | -G | -U ] [ PID | USER ]\n`); return 1; }
    const { given } = got;
    if (has(given, 'V')) { yield* err('pstree (PSmisc) 22.20\n'); return 0; }
    const list = yield* call('processes', {});
    if (!list.ok) return 1;
    const users = yield* readUsers();
    const look: Look = { pids: has(given, 'p'), groups: has(given, 'g'), args: has(given, 'a'), apart: has(given, 'c') || has(given, 'p') || has(given, 'g'), users: has(given, 'u') ? new Map(users.map((u) => [u.uid, u.name])) : null, numeric: has(given, 'n') };
    const all = list.value;
    const word = given.operands[0];
    let roots = all.filter((p) => p.pid === 1);
    if (word !== undefined && /^\d+$/.test(word)) roots = all.filter((p) => p.pid === Number(word));
    else if (word !== undefined) {
      const user = users.find((u) => u.name === word);
      if (!user) { yield* err(`No such user name: ${word}\n`); return 1; }
      roots = all.filter((p) => p.uid === user.uid && all.find((q) => q.pid === p.ppid)?.uid !== user.uid);
      if (!roots.length) { yield* err('No processes found.\n'); return 1; }
    }
    if (!roots.length) return 1;
    const screen = has(given, 'l') ? null : yield* terminal(1);
    const width = screen?.cols ?? (has(given, 'l') ? Infinity : 132);
    const texts = roots.map((root) => {
      const lines: string[] = [];
      let node = treeOf(all, root, look.numeric);
      if (has(given, 's')) for (let p = all.find((q) => q.pid === node.p.ppid); p; p = all.find((q) => q.pid === node.p.ppid)) node = { p, children: [node] };
      draw(node, look, null, '', lines);
      return lines.map((line) => { const plain = has(given, 'A') ? line.replace(/─/g, '-').replace(/┬/g, '+').replace(/├/g, '|').replace(/└/g, '`').replace(/│/g, '|') : line; return plain.length > width ? `${plain.slice(0, width - 1)}+` : plain; }).join('\n');
    });
    yield* out(`${texts.join('\n\n')}\n`);
    return 0;
  },
};

export const pwdx: Command = {
  name: 'pwdx',
  *main({ argv, uid }) {
    const words = argv.slice(1);
    if (!words.length) { yield* err('\nUsage:\n pwdx [options] pid...\n\nFor more details see pwdx(1).\n'); return 1; }
    const list = yield* call('processes', {});
    let status = 0;
    for (const word of words) {
      const pid = /^(?:\/proc\/)?(\d+)$/.exec(word)?.[1];
      if (!pid) { yield* err(`pwdx: invalid process id: ${word}\n`); return 1; }
      const p = list.ok ? list.value.find((q) => q.pid === Number(pid)) : undefined;
      if (p && (uid === 0 || uid === p.uid)) yield* out(`${word}: ${p.cwd}\n`); else { yield* err(`${word}: ${p ? 'Permission denied' : 'No such process'}\n`); status = 1; }
    }
    return status;
  },
};

// ---- lsns

interface Namespace { ns: string; type: string; nprocs: number; pid: number; user: string; command: string }

/** The namespaces of what the caller may see: links under /proc/PID/ns. */
function* namespaces(uid: number): Sys<Namespace[]> {
  const list = yield* call('processes', {});
  const users = new Map((yield* readUsers()).map((u) => [u.uid, u.name]));
  const found = new Map<string, Namespace>();
  for (const p of list.ok ? [...list.value].sort((a, b) => a.pid - b.pid) : []) {
    if (uid !== 0 && p.uid !== uid) continue;
    for (const type of ['mnt', 'uts', 'ipc', 'user', 'pid', 'net']) {
      const link = yield* call('readlink', { path: `/proc/${p.pid}/ns/${type}` });
      const ns = link.ok ? /\[(\d+)\]/.exec(link.value)?.[1] : undefined;
      if (!ns) continue;
      const known = found.get(ns);
      if (known) known.nprocs++; else found.set(ns, { ns, type, nprocs: 1, pid: p.pid, user: users.get(p.uid) ?? String(p.uid), command: commandOf(p) });
    }
  }
  return [...found.values()].sort((a, b) => Number(a.ns) - Number(b.ns));
}

export const lsns: Command = {
  name: 'lsns',
  *main({ argv, uid }) {
    const got = getopt('lsns', argv.slice(1), { short: 'lnp:t:u', long: { type: ['required', 't'], task: ['required', 'p'], noheadings: ['none', 'n'], 'notruncate': ['none', 'u'], list: ['none', 'l'] } });
    if (!got.ok) { yield* err(`${got.error}\nTry 'lsns --help' for more information.\n`); return 1; }
    const { given } = got;
    const type = valueOf(given, 't');
    let rows = (yield* namespaces(uid)).filter((n) => !type || n.type === type);
    const task = valueOf(given, 'p');
    if (task) {
      const links: string[] = [];
      for (const t of ['mnt', 'uts', 'ipc', 'user', 'pid', 'net']) { const link = yield* call('readlink', { path: `/proc/${task}/ns/${t}` }); if (link.ok) links.push(/\[(\d+)\]/.exec(link.value)?.[1] ?? ''); }
      rows = rows.filter((n) => links.includes(n.ns));
    }
    const width = Math.max(6, ...rows.map((n) => String(n.nprocs).length));
    const pids = Math.max(5, ...rows.map((n) => String(n.pid).length));
    const names = Math.max(4, ...rows.map((n) => n.user.length));
    const head = `${'NS'.padStart(10)} TYPE  ${'NPROCS'.padStart(width)} ${'PID'.padStart(pids)} ${'USER'.padEnd(names)} COMMAND\n`;
    const screen = has(given, 'u') ? null : yield* terminal(1);
    yield* out(`${has(given, 'n') ? '' : head}${rows.map((n) => `${n.ns.padStart(10)} ${n.type.padEnd(5)} ${String(n.nprocs).padStart(width)} ${String(n.pid).padStart(pids)} ${n.user.padEnd(names)} ${n.command}`.slice(0, screen?.cols ?? Infinity)).map((l) => `${l}\n`).join('')}`);
    return 0;
  },
};
