/**
 * The servers of the topology `lab`, as its recordings had them (conformance/README.md): a web server and an
 * echo in every pod and on every node, DNS in p11, and on n1 a TLS server and three that answer badly.
 */
import { seconds } from '../../engine/time.ts';
import type { Certificate, HttpRequest, HttpResponse } from '../../proc/http.ts';
import type { Json, Program, Start, Sys } from '../../proc/program.ts';
import type { DnsAnswer, DnsQuestion } from '../../proc/resolver.ts';
import { call, type Fd } from '../../proc/syscalls.ts';

interface Accepted { fd: Fd; peer: string }
interface Datagram { fd: Fd; data: Json; addr: string; port: number }
const event = <T>(start: Start): T => start.event as unknown as T;

/** podserver NAME [ADDRESS]: http on 8080, an echo on udp 9999 of that address. */
const podserver: Program = {
  name: 'podserver',
  *main(start) {
    const web = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 8080, entry: 'web' });
    const echo = yield* call('udp', { addr: start.argv[2] ?? '0.0.0.0', port: 9999, entry: 'echo' });
    if (!web.ok || !echo.ok) return 1;
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *web(start) {
      const { fd, peer } = event<Accepted>(start);
      yield* call('recv', { fd, timeoutUs: seconds(10) });
      const body = `${start.argv[1]} from ${peer}\n`;
      const response: HttpResponse = { status: 200, headers: { 'Content-Type': 'text/plain', 'Content-Length': String(body.length), Connection: 'close' }, body };
      yield* call('send', { fd, data: response as unknown as Json, size: 82 + String(body.length).length + body.length });
      yield* call('close', { fd });
    },
    *echo(start) {
      const { fd, data, addr, port } = event<Datagram>(start);
      const text = `${start.argv[1]}:${String(data)}`;
      yield* call('sendto', { fd, addr, port, data: text, size: text.length });
    },
  },
};

/** What dnsmasq was told: one address, the rest of its zone is not there, and no one above to ask. */
const ZONE = 'cluster.local', KNOWN = 'web.default.svc.cluster.local', ADDRESS = '10.100.0.10';

export function labAnswer(question: DnsQuestion): DnsAnswer {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const found = name === KNOWN && question.type === 'A';
  const inside = name === ZONE || name.endsWith(`.${ZONE}`);
  return {
    id: question.id, rcode: found ? 'NOERROR' : inside ? 'NXDOMAIN' : 'REFUSED', authoritative: found, recursionAvailable: true, question,
    answers: found ? [{ name: question.name, ttl: 0, type: 'A', data: ADDRESS }] : [], authority: [],
  };
}

const dnsmasq: Program = {
  name: 'dnsmasq',
  *main() {
    const udp = yield* call('udp', { port: 53, entry: 'udp' });
    const tcp = yield* call('listen', { proto: 'tcp', addr: '0.0.0.0', port: 53, entry: 'tcp' });
    if (!udp.ok || !tcp.ok) return 2;
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *udp(start) {
      const { fd, data, addr, port } = event<Datagram>(start);
      const answer = asked(data);
      if (answer) yield* call('sendto', { fd, addr, port, data: answer as unknown as Json, size: sizeOf(answer) });
    },
    *tcp(start) {
      const { fd } = event<Accepted>(start);
      for (;;) {
        const got = yield* call('recv', { fd, timeoutUs: seconds(10) });
        const answer = got.ok && got.value ? asked(got.value.data) : null;
        if (!answer) break;
        yield* call('send', { fd, data: answer as unknown as Json, size: sizeOf(answer) + 2 });
      }
      yield* call('close', { fd });
    },
  },
};

const asked = (data: Json): DnsAnswer | null =>
  (typeof data === 'object' && data !== null && 'name' in data && 'type' in data ? labAnswer(data as unknown as DnsQuestion) : null);
const sizeOf = (answer: DnsAnswer): number => 29 + answer.question.name.length + 16 * answer.answers.length;

const SELF_SIGNED: Certificate = { subject: 'lab', ca: 'lab', names: ['lab'] };
/** What `openssl s_server -www` tells of itself, as far as the simulation knows. */
const STATUS_PAGE = '<HTML><BODY BGCOLOR="#ffffff">\n<pre>\n\ns_server -quiet -accept 6443 -www\nSecure Renegotiation IS supported\n</pre></BODY></HTML>\r\n\r\n';

/** On 6443 TLS; 9001 closes without an answer, 9002 never answers, 9003 resets. */
const badServers: Program = {
  name: 'labserver',
  *main() {
    const ports: readonly (readonly [number, string])[] = [[6443, 'tls'], [9001, 'closes'], [9002, 'silent'], [9003, 'resets']];
    for (const [port, entry] of ports) {
      const made = yield* call('listen', { proto: 'tcp', addr: port === 6443 ? '::' : '0.0.0.0', port, entry });
      if (!made.ok) return 1;
    }
    yield* call('serve', {});
    return 0;
  },
  entries: {
    *tls(start) {
      const { fd } = event<Accepted>(start);
      const got = yield* call('recv', { fd });
      const request = got.ok && got.value ? (got.value.data as unknown as HttpRequest) : null;
      if (typeof request === 'object' && request?.tls) {
        const response: HttpResponse = { status: 200, headers: { 'Content-type': 'text/html' }, body: STATUS_PAGE, cert: SELF_SIGNED };
        yield* call('send', { fd, data: response as unknown as Json, size: 60 + STATUS_PAGE.length });
      }
      yield* call('close', { fd });
    },
    *closes(start) {
      const { fd } = event<Accepted>(start);
      yield* call('recv', { fd });
      yield* call('close', { fd });
    },
    *silent(start) {
      const { fd } = event<Accepted>(start);
      while (yield* heard(fd)) { /* and says nothing */ }
      yield* call('close', { fd });
    },
    /** Closing before the request is read makes the kernel reset the connection. */
    *resets(start) {
      const { fd } = event<Accepted>(start);
      yield* call('sleep', { us: 5_000 });
      yield* call('close', { fd });
    },
  },
};

function* heard(fd: Fd): Sys<boolean> {
  const got = yield* call('recv', { fd });
  return got.ok && got.value !== null;
}

export const programs: Program[] = [podserver, dnsmasq, badServers];
