/**
 * rpm and yum as far as a host without a network to its repositories goes: what is installed can be asked,
 * nothing can be fetched. Also passwd. Words of rpm 4.11 and yum 3.4.
 */
import { err, out } from '../../../sim/proc/libc.ts';
import type { Start, Sys } from '../../../sim/proc/program.ts';
import { resolve } from '../../../sim/proc/resolver.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { matches } from '../../../sim/services/systemd/enable.ts';
import type { Command } from '../../command.ts';
import { readUsers } from './users.ts';

const INSTALLED = `audit-2.8.4-4.el7.x86_64 bash-4.2.46-31.el7.x86_64 bind-utils-9.9.4-73.el7_6.x86_64 bridge-utils-1.5-9.el7.x86_64 centos-release-7-6.1810.2.el7.centos.x86_64 chrony-3.2-2.el7.x86_64
conntrack-tools-1.4.4-4.el7.x86_64 coreutils-8.22-23.el7.x86_64 cronie-1.4.11-20.el7_6.x86_64 curl-7.29.0-51.el7.x86_64 dbus-1.10.24-13.el7_6.x86_64 ebtables-2.0.10-16.el7.x86_64 firewalld-0.5.3-5.el7.noarch
glibc-2.17-260.el7_6.5.x86_64 iproute-4.11.0-14.el7_6.2.x86_64 iptables-1.4.21-28.el7.x86_64 iputils-20160308-10.el7.x86_64 kernel-3.10.0-957.12.1.el7.x86_64 kmod-20-23.el7.x86_64 less-458-9.el7.x86_64 lsof-4.87-6.el7.x86_64
nano-2.3.1-10.el7.x86_64 net-tools-2.0-0.24.20131004git.el7.x86_64 NetworkManager-1.12.0-10.el7_6.x86_64 nmap-ncat-6.40-16.el7.x86_64 openssh-7.4p1-16.el7.x86_64 openssh-server-7.4p1-16.el7.x86_64 procps-ng-3.3.10-23.el7.x86_64
rsyslog-8.24.0-34.el7.x86_64 sudo-1.8.23-3.el7.x86_64 systemd-219-62.el7_6.6.x86_64 tcpdump-4.9.2-3.el7.x86_64 telnet-0.17-64.el7.x86_64 traceroute-2.0.22-2.el7.x86_64 tuned-2.10.0-6.el7_6.3.noarch util-linux-2.23.2-59.el7_6.1.x86_64
vim-enhanced-7.4.160-5.el7.x86_64 wget-1.14-18.el7_6.1.x86_64 yum-3.4.3-161.el7.centos.noarch`.split(/\s+/);

const nameOf = (full: string): string => full.replace(/-[^-]+-[^-]+$/, '');

/** Which package an executable came in. */
const OWNERS: Readonly<Record<string, string>> = {
  bash: 'bash', sh: 'bash', ls: 'coreutils', cat: 'coreutils', systemctl: 'systemd', journalctl: 'systemd', iptables: 'iptables', ip: 'iproute', ss: 'iproute', ps: 'procps-ng', top: 'procps-ng', sysctl: 'procps-ng', curl: 'curl', ssh: 'openssh', sshd: 'openssh-server', dig: 'bind-utils', 'firewall-cmd': 'firewalld', firewalld: 'firewalld', lsmod: 'kmod', modprobe: 'kmod', ping: 'iputils', netstat: 'net-tools', ifconfig: 'net-tools', sudo: 'sudo', chronyd: 'chrony', chronyc: 'chrony', tcpdump: 'tcpdump', lsof: 'lsof', nano: 'nano', vim: 'vim-enhanced',
};

function* rpmMain(start: Start): Sys<number> {
  const args = start.argv.slice(1);
  const odd = args.find((a) => a.startsWith('-') && !/^-(q[af]?|-query|-all|-file|[iUFevh]+|-install|-upgrade|-erase|-version)$/.test(a));
  if (odd) { yield* err(`rpm: ${odd}: unknown option\n`); return 1; }
  const flags = args.filter((a) => a.startsWith('-')).map((a) => a.replace(/^--(query|install|upgrade|erase|all|file)$/, (_, long: string) => ({ query: '-q', install: '-i', upgrade: '-U', erase: '-e', all: 'a', file: 'f' }[long]!))).join('');
  const words = args.filter((a) => !a.startsWith('-'));
  if (args.includes('--version')) { yield* out('RPM version 4.11.3\n'); return 0; }
  if (!flags.includes('q')) {
    // Which files go with a package is not known here, so none is erased.
    if (/e/.test(flags) && start.uid === 0 && words.some((w) => INSTALLED.some((p) => nameOf(p) === w))) { yield* err('rpm: -e: unknown option\n'); return 1; }
    if (/[iUFe]/.test(flags)) { yield* err(start.uid === 0 ? words.map((w) => (/e/.test(flags) ? `error: package ${w} is not installed\n` : `error: open of ${w} failed: No such file or directory\n`)).join('') : "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Permission denied)\n"); return 1; }
    yield* err('RPM version 4.11.3\nCopyright (C) 1998-2002 - Red Hat, Inc.\nThis program may be freely redistributed under the terms of the GNU GPL\n');
    return 1;
  }
  if (/q\w*a/.test(flags)) {
    const found = INSTALLED.filter((p) => !words.length || words.some((w) => matches(w, nameOf(p)) || matches(w, p)));
    yield* out(found.map((p) => `${p}\n`).join(''));
    return 0;
  }
  if (/q\w*f/.test(flags)) {
    let status = 0;
    for (const word of words) {
      const stat = yield* call('stat', { path: word });
      const owner = OWNERS[word.split('/').pop()!];
      const full = INSTALLED.find((p) => nameOf(p) === owner);
      if (!stat.ok) { yield* err(`error: file ${word}: No such file or directory\n`); status = 1; }
      else if (full) yield* out(`${full}\n`); else { yield* out(`file ${word} is not owned by any package\n`); status = 1; }
    }
    return status;
  }
  if (!words.length) { yield* err('rpm: no arguments given for query\n'); return 1; }
  let status = 0;
  for (const word of words) {
    const full = INSTALLED.find((p) => nameOf(p) === word || p === word || p.replace(/\.[^.]+$/, '') === word);
    if (full) yield* out(`${full}\n`); else { yield* out(`package ${word} is not installed\n`); status++; }
  }
  return status;
}
export const rpm: Command = { name: 'rpm', main: rpmMain };

const MIRROR = 'mirrorlist.centos.org';

export const yum: Command = {
  name: 'yum',
  *main({ argv, uid }) {
    const odd = argv.slice(1).find((a) => a.startsWith('-') && !/^-[yqvC]+$|^--(assumeyes|quiet|verbose|cacheonly|nogpgcheck)$/.test(a));
    if (odd) { yield* err(`Usage: yum [options] COMMAND\n\n\nCommand line error: no such option: ${odd}\n`); return 1; }
    const words = argv.slice(1).filter((a) => !a.startsWith('-'));
    const [verb, ...names] = words;
    if (!verb) { yield* err('Loaded plugins: fastestmirror\nYou need to give some command\n'); return 1; }
    if (verb === 'list' && names[0] === 'installed') {
      yield* out(`Loaded plugins: fastestmirror\nInstalled Packages\n${INSTALLED.map((p) => { const m = /^(.*)-([^-]+-[^-]+)\.([^.]+)$/.exec(p)!; return `${`${m[1]}.${m[3]}`.padEnd(40)} ${m[2]!.padEnd(28)} @anaconda\n`; }).join('')}`);
      return 0;
    }
    if (['install', 'update', 'upgrade', 'remove', 'erase', 'makecache', 'reinstall'].includes(verb) && uid !== 0) { yield* err('Loaded plugins: fastestmirror\nYou need to be root to perform this command.\n'); return 1; }
    if (verb === 'clean') { yield* out('Loaded plugins: fastestmirror\nCleaning repos: base updates\n'); return 0; }
    if (verb === 'remove' || verb === 'erase') {
      const missing = names.filter((n) => !INSTALLED.some((p) => nameOf(p) === n));
      if (missing.length === names.length) {
        yield* out(`Loaded plugins: fastestmirror\n${missing.map((n) => `No Match for argument: ${n}\n`).join('')}No Packages marked for removal\n`);
        return 0;
      }
    }
    if (verb === 'install') {
      const there = names.map((n) => INSTALLED.find((p) => nameOf(p) === n)).filter((p) => p !== undefined);
      if (there.length === names.length && names.length) { yield* out(`Loaded plugins: fastestmirror\n${there.map((p) => `Package ${p} already installed and latest version\n`).join('')}Nothing to do\n`); return 0; }
    }
    const found = yield* resolve(MIRROR);
    if (found.ok) { yield* err(`Loaded plugins: fastestmirror\nCannot find a valid baseurl for repo: base/7/x86_64\n`); return 1; }
    yield* err(`Loaded plugins: fastestmirror\nCould not retrieve mirrorlist http://${MIRROR}/?release=7&arch=x86_64&repo=os&infra=stock error was\n14: curl#6 - "Could not resolve host: ${MIRROR}; Unknown error"\n\n\n One of the configured repositories failed (Unknown),\n and yum doesn't have enough cached data to continue.\n\nCannot find a valid baseurl for repo: base/7/x86_64\n`);
    return 1;
  },
};

export const passwd: Command = {
  name: 'passwd',
  *main({ argv, ppid }) {
    const odd = argv.slice(1).find((a) => a.startsWith('-') && a !== '-S' && a !== '--status');
    if (odd) { yield* err(`passwd: bad argument ${odd}: unknown option\n`); return 2; }
    const procs = yield* call('processes', {});
    const uid = procs.ok ? procs.value.find((p) => p.pid === ppid)?.uid ?? 0 : 0;
    const users = yield* readUsers();
    const name = argv.slice(1).find((a) => !a.startsWith('-')) ?? users.find((u) => u.uid === uid)?.name ?? 'root';
    if (!users.some((u) => u.name === name)) { yield* err(`passwd: Unknown user name '${name}'.\n`); return 1; }
    if (uid !== 0 && users.find((u) => u.name === name)!.uid !== uid) { yield* err('passwd: Only root can specify a user name.\n'); return 1; }
    if (argv.includes('-S') || argv.includes('--status')) { yield* out(`${name} LK 2019-04-29 0 99999 7 -1 (Password locked.)\n`); return 0; }
    // Accounts here are entered by key and sudo: none has a password to change.
    yield* out(`Changing password for user ${name}.\n`);
    yield* err('passwd: Authentication token manipulation error\n');
    return 1;
  },
};
