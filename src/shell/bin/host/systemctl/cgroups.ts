/**
 * The tree of control groups, as systemd-cgls and a bare `systemctl status` draw it: units in system.slice, logins in
 * user.slice, what a service starts in another root (Planet) below that service.
 */
import { terminal, out, err } from '../../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../../sim/proc/program.ts';
import { call, type ProcessInfo } from '../../../../sim/proc/syscalls.ts';
import type { Command } from '../../../command.ts';
import { onDebian } from '../../coreutils/tool.ts';
import { page } from '../pager.ts';

export interface Group { name: string; procs: ProcessInfo[]; groups: Group[] }

const group = (name: string): Group => ({ name, procs: [], groups: [] });
function inside(parent: Group, name: string): Group {
  let found = parent.groups.find((g) => g.name === name);
  if (!found) { found = group(name); parent.groups.push(found); }
  return found;
}

/** `getty@tty1.service` lies in a slice of its template. */
function unitGroup(system: Group, unit: string): Group {
  const template = /^([^@]+)@/.exec(unit)?.[1];
  return template ? inside(inside(system, `system-${template}.slice`), unit) : inside(system, unit);
}

/** All groups with processes; `old` (219) keeps pid 1 in the root group, newer ones in init.scope. */
export function* controlGroups(old: boolean): Sys<Group> {
  const list = yield* call('processes', {});
  const all = list.ok ? list.value.filter((p) => p.state !== 'Z') : [];
  const first = all.find((p) => p.pid === 1);
  const root = group('/');
  if (first) (old ? root : inside(root, 'init.scope')).procs.push(first);
  const own = (p: ProcessInfo): boolean => p.root === first?.root;
  const hosts = new Map(all.map((p) => [p.pid, p]));
  /** The service of this root that a process of another one hangs on. */
  const carrier = (p: ProcessInfo): ProcessInfo | undefined => {
    for (let at: ProcessInfo | undefined = p; at; at = at.ppid === at.pid ? undefined : hosts.get(at.ppid)) if (own(at) && at.pid !== 1) return at;
    return undefined;
  };
  let session = 0;
  const sessions = new Map<number, number>();
  for (const p of all) {
    if (p.pid === 1) continue;
    const base = own(p) ? p : carrier(p);
    if (base?.unit) {
      const unit = unitGroup(inside(root, 'system.slice'), base.unit);
      (own(p) || !p.unit || p.unit === base.unit ? unit : inside(inside(unit, 'system.slice'), p.unit)).procs.push(p);
    } else if (base?.tty) {
      if (!sessions.has(base.sid)) sessions.set(base.sid, ++session);
      const user = inside(inside(root, 'user.slice'), `user-${hosts.get(base.sid)?.uid ?? base.uid}.slice`);
      inside(user, `session-${sessions.get(base.sid)}.scope`).procs.push(p);
    } else root.procs.push(p);
  }
  return root;
}

/** Lines of a group's inside; `cols` cuts them. */
export function drawGroup(g: Group, prefix: string, cols: number): string {
  const groups = [...g.groups].sort((a, b) => (a.name < b.name ? -1 : 1));
  const digits = Math.max(0, ...g.procs.map((p) => String(p.pid).length));
  let text = '';
  g.procs.forEach((p, i) => {
    const last = i === g.procs.length - 1 && !groups.length;
    const line = `${prefix}${last ? '└─' : '├─'}${String(p.pid).padStart(digits)} ${p.argv.length ? p.argv.join(' ') : `[${p.comm}]`}`;
    text += `${line.length > cols ? `${line.slice(0, cols - 3)}...` : line}\n`;
  });
  groups.forEach((sub, i) => {
    const last = i === groups.length - 1;
    text += `${prefix}${last ? '└─' : '├─'}${sub.name}\n${drawGroup(sub, `${prefix}${last ? '  ' : '│ '}`, cols)}`;
  });
  return text;
}

const find = (g: Group, path: readonly string[]): Group | null => {
  const [head, ...rest] = path;
  if (head === undefined) return g;
  const next = g.groups.find((sub) => sub.name === head);
  return next ? find(next, rest) : null;
};

export const cgls: Command = {
  name: 'systemd-cgls',
  *main(start: Start) {
    const args = start.argv.slice(1);
    const bad = args.find((a) => a.startsWith('-') && !/^(-[alkh]+|--(all|full|no-pager|help|version))$/.test(a));
    if (bad) { yield* err(`systemd-cgls: ${bad.startsWith('--') ? `unrecognized option '${bad}'` : `invalid option -- '${bad[1]}'`}\n`); return 1; }
    const old = !(yield* onDebian());
    const root = yield* controlGroups(old);
    const screen = args.some((a) => /^-\w*l|^--full/.test(a)) ? null : yield* terminal(1);
    const cols = screen?.cols ?? Infinity;
    const names = args.filter((a) => !a.startsWith('-'));
    let text = '';
    let status = 0;
    for (const name of names.length ? names : ['/']) {
      const found = find(root, name.replace(/^\/sys\/fs\/cgroup\/systemd/, '').split('/').filter(Boolean));
      if (!found) { yield* err(`Failed to list cgroup tree ${name}: No such file or directory\n`); status = 1; continue; }
      const title = names.length ? (old ? `${name}:\n` : `Control group ${name}:\n`) : old ? '' : 'Control group /:\n-.slice\n';
      text += `${title}${drawGroup(found, '', cols)}`;
    }
    if (screen) yield* page(start, text, !args.includes('--no-pager')); else yield* out(text);
    return status;
  },
};
