/**
 * Nothing is silently ignored: whatever is no flag of a program is refused by it, and every flag that its table declares is
 * asked for somewhere, or stands in the ledger with the reason why it changes nothing. docs/fidelity.md is made from this
 * and from the kept scores (UPDATE=1 writes it).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../src/drill/launch.mjs';
import { referenceOf } from '../../src/drill/reference.ts';
import { catalogue } from '../../src/sim/faults/catalogue.ts';
import { freshWorld } from '../support/world.ts';
import { readScores } from '../conformance/conform.mjs';
import { declaredFlags } from './flags.ts';
import { LEDGER, TAKES_ANY } from './ledger.ts';

const declared = declaredFlags(root);
const rooms = referenceOf(freshWorld());
/** Each program once: on a node, or else inside Planet. */
const programs = [...new Map(rooms.flatMap((room) => room.commands.map(({ name, node }) => [name, { room: room.title, name, planet: !node }] as const))).values()];

describe('a flag that there is not', () => {
  // One world: what one program does with a wrong flag is nothing, or this test fails.
  const session = freshWorld();
  it.each(programs.filter(({ name }) => !(name in TAKES_ANY)).map((each) => [each.name, each] as const))('is refused by %s', (name, { planet }) => {
    for (const flag of ['--no-such-flag', '-%']) {
      const seen = session.fork().exec('node-1', `${name} ${flag} </dev/null`, { user: 'root', wait: 8, planet });
      expect(seen.exit, `${name} ${flag}: ${seen.stdout.slice(0, 200)}${seen.stderr.slice(0, 200)}`).toSatisfy((status: number | null) => status !== null && status !== 0);
    }
  });
});

/** Whole lines: a program may refuse a lone flag only because something else is missing. */
const IN_A_LINE = [
  'getent ? passwd root', 'modprobe ? vxlan', 'modinfo ? vxlan', 'rmmod ? vxlan', 'rpm -q ? bash', 'rpm -qa ?', 'yum ? list', 'systemd-analyze ? blame', 'man ? ls', 'systemd-cgls ?', 'kubectl get nodes ?', 'gravity status ?', 'helm ls ?',
  'ss ? -t', 'ip ? addr', 'ip addr ? show', 'dig ? node-1', 'iptables -L ?', 'curl ? localhost', 'ping ? node-2', 'ssh ? node-2', 'brctl show ?', 'nc ? node-2 22', 'host ? node-2', 'wget ? node-2', 'openssl x509 -bogus -in /dev/null', 'jq ? .', 'yum repolist ?',
  'passwd ? vagrant', 'useradd ? x', 'killall ? x', 'pkill ? x', 'fuser ? /etc', 'lsattr ? /etc', 'chattr ? /etc/hosts', 'fdisk ? -l', 'fdisk -l /dev/sdz', 'mount ? /dev/sda1 /mnt', 'umount ? /mnt', 'df ? /', 'du ? /etc', 'free ?', 'dmesg ?', 'uptime ?', 'w ?',
  'last ?', 'journalctl ? -n1', 'systemctl ? status sshd', 'systemctl status ? sshd', 'timedatectl ? status', 'hostnamectl ? status', 'chronyc ? tracking', 'firewall-cmd ? --state', 'conntrack -L ?', 'ethtool ? eth0', 'tcpdump ? -c1', 'traceroute ? node-2', 'arp ? -n',
  'route ? -n', 'netstat ? -t', 'ifconfig ? eth0', 'sysctl ? kernel.hostname', 'nsenter ? -t 1 -n true', 'unshare ? true', 'chroot ? / true', 'setsid ? true', 'sudo ? true', 'su ? vagrant -c true', 'crontab ? -l', 'logger ? x', 'lsof ? -p 1', 'pgrep ? sshd', 'ps ? aux', 'top ? -bn1',
  'pstree ? 1', 'tree ? /etc', 'tar ? -cf x.tar /etc/hosts', 'gzip ? x', 'find /etc ? -name hosts', 'xargs ? true </dev/null', 'awk ? 1 /etc/hosts', 'sed ? 1p /etc/hosts', 'grep ? x /etc/hosts', 'sort ? /etc/hosts', 'cut ? -c1 /etc/hosts', 'diff ? /etc/hosts /etc/hosts',
  'bc ? </dev/null', 'less ? /etc/hosts </dev/null', 'watch ? true', 'timeout ? 1 true', 'nice ? true', 'env ? true', 'stat ? /etc', 'ls ? /etc', 'cp ? /etc/hosts /tmp/h', 'nslookup -bogus node-1', 'scp ? /etc/hosts node-2:', 'telnet ? node-2 22', 'blkid ? /dev/sda1', 'lsblk ? /dev/sda', 'findmnt ? /',
];
it.each(IN_A_LINE)('is refused in the middle of what is typed: %s', (line) => {
  const seen = freshWorld().exec('node-1', line.replace('?', '--no-such-flag'), { user: 'root', wait: 8 });
  expect(seen.exit, `${seen.stdout.slice(0, 200)}${seen.stderr.slice(0, 200)}`).toSatisfy((status: number | null) => status !== null && status !== 0);
});

it('a flag that is declared is asked for, or changes nothing for a reason', () => {
  const silent = declared.flatMap(({ program, file, unread }) => unread.filter((flag) => LEDGER[program]?.[flag] === undefined).map((flag) => `${file}: ${program} ${flag}`));
  expect(silent).toEqual([]);
});

it('the ledger holds nothing that is not so', () => {
  const unread = new Set(declared.flatMap(({ program, unread: flags }) => flags.map((flag) => `${program} ${flag}`)));
  expect(Object.entries(LEDGER).flatMap(([program, flags]) => Object.keys(flags).map((flag) => `${program} ${flag}`)).filter((each) => !unread.has(each))).toEqual([]);
});

/** The text of docs/fidelity.md. */
function fidelity(): string {
  const scores = readScores();
  const flags = new Map<string, { count: number; nothing: number }>();
  for (const { program, flags: list, unread } of declared) {
    const before = flags.get(program) ?? { count: 0, nothing: 0 };
    flags.set(program, { count: before.count + list.length, nothing: before.nothing + unread.length });
  }
  const row = ({ name }: { name: string }): string => {
    const known = flags.get(name);
    return name in TAKES_ANY ? `\`${name}\` (takes any word: ${TAKES_ANY[name]})` : known ? `\`${name}\` ${known.count}${known.nothing ? ` (${known.nothing} change nothing)` : ''}` : `\`${name}\``;
  };
  const reasons = Object.entries(LEDGER).sort(([a], [b]) => (a < b ? -1 : 1)).map(([program, list]) => `| \`${program}\` | ${Object.entries(list).map(([flag, reason]) => `\`${flag}\`: ${reason}`).join('; ')} |`);
  return [
    '# How true it is', '', 'Made by `UPDATE=1 npx vitest run --project node test/fidelity`; a test fails when it is out of date.', '',
    '## Against the real programs', '', 'What was recorded of real programs and a real kernel is asked of the simulator; a case counts when status, output and errors are the same.', '',
    '| recordings | cases | right | still different |', '|---|---|---|---|',
    ...Object.entries(scores).map(([kind, { cases, points, failing }]) => `| ${kind} | ${cases} | ${points} | ${failing.length} |`), '',
    '## Nothing is ignored in silence', '',
    `Each of the ${programs.length} programs is asked with a flag that no program has, and refuses it, but for those that take any word. Where a program has a`,
    'table of flags its number follows the name; every flag of a table does something, or stands below with its reason. What the real program has beyond them is refused as unknown.', '',
    ...rooms.flatMap((room) => [`**${room.title}**: ${programs.filter((each) => each.room === room.title).map(row).join(', ')}`, '']),
    '## Flags that change nothing here', '', '| program | flags |', '|---|---|', ...reasons, '',
    '## Faults', '', `The ${catalogue.size} faults and repairs of the catalogue: ${[...catalogue.keys()].map((name) => `\`${name}\``).join(', ')}.`, '',
  ].join('\n');
}

it('docs/fidelity.md says what is so', () => {
  const file = join(root, 'docs/fidelity.md');
  if (process.env['UPDATE']) writeFileSync(file, fidelity());
  expect(readFileSync(file, 'utf8')).toBe(fidelity());
});
