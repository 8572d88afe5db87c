/**
 * Recorded runs that every engine must bring to the same digests, wherever and in whatever language it runs: what
 * could tell engines apart is in them (dates, zones, order of words, case of letters, real numbers, regular expressions,
 * random numbers), and what is long.
 */
import type { Entered, Entry } from '../drill/entered.ts';
import { reenact } from '../drill/entered.ts';
import type { Session } from '../drill/session.ts';
import type { Topology } from '../sim/cluster.ts';
import { seconds } from '../sim/engine/time.ts';

export interface Recorded { name: string; topology: Topology; /** Each so many seconds after the beginning. */ inputs: readonly (readonly [number, Entry])[]; /** It ends here. */ seconds: number }

const exec = (node: string, text: string, user?: string): Entry => ({ kind: 'exec', node, text, options: { wait: 60, ...(user === undefined ? {} : { user }) } });
const keys = (terminal: string, data: string): Entry => ({ kind: 'keys', terminal, data });
const fault = (name: string, args: Record<string, string | number> = {}): Entry => ({ kind: 'fault', name, args });

export const corpus: readonly Recorded[] = [
  { name: 'words and numbers', topology: 'bare', seconds: 20, inputs: [
    [1, exec('node-1', "printf 'zeta\\nÄrger\\näpfel\\nIstanbul\\nistanbul\\nDir-b\\ndir a\\n10\\n9\\n' | tee words | sort > sorted; LC_ALL=C sort words >> sorted; sort -f words >> sorted; tr a-z A-Z < words >> sorted; grep -ic ISTANBUL words >> sorted")],
    [2, exec('node-1', "awk 'BEGIN { printf \"%.17g %.17g %.17g %.17g %d\\n\", sin(1), exp(1.5), log(2), 2^0.5, 1e15/7; srand(3); print rand(), toupper(\"straße\") }' > numbers; echo $RANDOM $((RANDOM % 7)) $((2**62)) >> numbers; printf '%.10f %e\\n' 0.1 12345.678 >> numbers")],
    [3, exec('node-1', "date > dates; TZ=America/New_York date >> dates; TZ=Asia/Kolkata date -d '2019-07-04 12:00 UTC' >> dates; date -d 'next monday' +%c >> dates; printf '%(%F %T)T\\n' 0 >> dates; ls -la --time-style=full-iso / >> dates; uptime >> dates")],
    [4, exec('node-2', "printf 'a.b*c\\nfoo(bar)\\n[x]\\n' | sed -E 's/([a-z]+)\\(?/<\\1>/g; s/^\\[x\\]$/y/' > edited; echo 'κόσμε Привет 日本' | sed 's/./&-/g' | rev > signs; md5sum edited signs > sums; gzip -k signs")],
  ] },
  { name: 'a person at a terminal', topology: 'three-masters', seconds: 60, inputs: [
    [1, { kind: 'open', terminal: 'a', node: 'node-1', cols: 97, rows: 31 }],
    [2, keys('a', 'kubectl get pods -A | grep cor\t\x7f\x7f\x7fcoredns\r')],
    [8, keys('a', 'for i in 1 2 3; do\recho $i; sleep 1\rdone\r')],
    [14, keys('a', 'ping 192.168.121.198\r')], [18, keys('a', '\x03')],
    [20, { kind: 'resize', terminal: 'a', cols: 60, rows: 20 }], [21, keys('a', '\x1b[A\x1b[A\x01time \r')],
    [30, { kind: 'open', terminal: 'b', node: 'node-2', cols: 80, rows: 24 }], [31, keys('b', 'sudo gravity shell\r')], [35, keys('b', 'ls /ext; exit\r')],
  ] },
  { name: 'a cluster in trouble', topology: 'three-masters', seconds: 50, inputs: [
    [1, fault('partition', { a: 'node-1', b: 'node-3' })], [3, fault('packet-loss', { node: 'node-2', percent: 20 })], [12, exec('node-2', 'gravity status')],
    [15, exec('node-1', 'kubectl -n kube-system delete pods -l k8s-app=kube-dns --wait=false')], [20, fault('rejoin')], [21, fault('packet-loss', { node: 'node-2', percent: 0 })],
    [40, fault('node-down', { node: 'node-3' })],
  ] },
  { name: 'packets in the laboratory', topology: 'lab', seconds: 30, inputs: [
    [1, exec('n1', 'iptables -A INPUT -p udp --dport 8472 -m statistic --mode random --probability 0.5 -j DROP; ping -c 5 -i 0.2 10.244.2.11', 'root')],
    [8, exec('n2', 'tcpdump -c 3 -ni eth0 & ping -c 2 192.168.50.11; wait', 'root')], [15, exec('n3', 'curl -s -m 3 http://10.244.1.11:8080/; ss -tan; ip route', 'root')],
  ] },
];

/** Lives a recorded run on a fresh world of its topology. */
export function playRecorded(session: Session, { inputs, seconds: length }: Recorded): Session {
  const began = session.now;
  const entered: Entered[] = inputs.map(([at, entry]) => ({ at: began + seconds(at), entry }));
  reenact(session, entered, began + seconds(length));
  return session;
}
