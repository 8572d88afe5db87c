/**
 * `openssl s_client`: connects, shows the certificate that the server shows, and passes lines on until either side ends.
 * `openssl verify`: whether a certificate is signed by one of these authorities and still good.
 */
import { err, out } from '../../../../sim/proc/libc.ts';
import { pem } from '../../../../sim/proc/certificate.ts';
import { exchange, type Certificate } from '../../../../sim/proc/http.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { resolve } from '../../../../sim/proc/resolver.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { issuerLine, notAfter, readCertificate, subjectLine } from './x509.ts';

const ERRNO: Readonly<Record<string, number>> = { ECONNREFUSED: 111, EHOSTUNREACH: 113, ENETUNREACH: 101, ETIMEDOUT: 110 };

interface Wish { host: string; port: number; ca: string | null; cert: string | null; quiet: boolean; show: boolean }

function parse(args: readonly string[]): Wish | string {
  const w: Wish = { host: 'localhost', port: 4433, ca: null, cert: null, quiet: false, show: false };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '-connect') {
      const m = /^\[?([^\]]+?)\]?:(\w+)$/.exec(args[++i] ?? '');
      if (!m) return 'no port defined\n';
      [w.host, w.port] = [m[1]!, m[2] === 'https' ? 443 : Number(m[2])];
    } else if (arg === '-CAfile') w.ca = args[++i] ?? null;
    else if (arg === '-cert') w.cert = args[++i] ?? null;
    else if (arg === '-key' || arg === '-servername' || arg === '-CApath' || arg === '-verify' || arg === '-alpn') i++;
    else if (arg === '-showcerts') w.show = true; else if (arg === '-quiet') w.quiet = true;
    else if (!/^-(tls1|tls1_[12]|prexit|no_ign_eof|ign_eof|state|debug|msg|brief)$/.test(arg)) return `unknown option ${arg}\nusage: s_client args\n`;
  }
  return w;
}

/** What verification of the peer's chain says. */
function* judge(cert: Certificate, caFile: string | null): Sys<{ code: number; words: string }> {
  const now = yield* call('now', {});
  const ca = caFile ? yield* readCertificate(caFile) : null;
  if (cert.subject === cert.ca && !ca) return { code: 18, words: 'self signed certificate' };
  if (!ca || ca.subject !== cert.ca) return { code: 21, words: 'unable to verify the first certificate' };
  if (notAfter(cert) < (now.ok ? now.value.real : 0)) return { code: 10, words: 'certificate has expired' };
  return { code: 0, words: 'ok' };
}

function session(cert: Certificate, verdict: { code: number; words: string }, style: 'old' | 'new'): string {
  const bytes = pem(cert).length;
  return `---\nCertificate chain\n 0 s:${subjectLine(cert, 'old').trim()}\n   i:${issuerLine(cert, 'old').trim()}\n---\nServer certificate\n${pem(cert)}subject=${subjectLine(cert, 'old').trim()}\nissuer=${issuerLine(cert, 'old').trim()}\n`
    + `---\nNo client certificate CA names sent\nPeer signing digest: SHA512\nServer Temp Key: ECDH, P-256, 256 bits\n---\nSSL handshake has read ${bytes} bytes and written ${style === 'old' ? 415 : 347} bytes\n---\n`
    + 'New, TLSv1/SSLv3, Cipher is ECDHE-RSA-AES128-GCM-SHA256\nServer public key is 2048 bit\nSecure Renegotiation IS supported\nCompression: NONE\nExpansion: NONE\nNo ALPN negotiated\nSSL-Session:\n    Protocol  : TLSv1.2\n'
    + `    Cipher    : ECDHE-RSA-AES128-GCM-SHA256\n    Verify return code: ${verdict.code} (${verdict.words})\n---\n`;
}

export function* client(args: readonly string[], style: 'old' | 'new'): Sys<number> {
  const w = parse(args);
  if (typeof w === 'string') { yield* err(w); return 1; }
  let addr = w.host;
  if (!/^[\d.]+$/.test(addr)) {
    const found = yield* resolve(addr);
    if (!found.ok) { yield* err('gethostbyname failure\nconnect:errno=0\n'); return 1; }
    addr = found.addresses[0]!;
  }
  const connected = yield* call('connect', { proto: 'tcp', addr, port: w.port });
  if (!connected.ok) {
    const words = ({ ECONNREFUSED: 'Connection refused', EHOSTUNREACH: 'No route to host', ENETUNREACH: 'Network is unreachable', ETIMEDOUT: 'Connection timed out' } as Readonly<Record<string, string>>)[connected.errno] ?? '';
    yield* err(`socket: ${words}\nconnect:errno=${ERRNO[connected.errno] ?? 0}\n`);
    return 1;
  }
  const fd = connected.value;
  const own = w.cert ? yield* readCertificate(w.cert) : null;
  if (w.cert && !own) return 1;
  const got = yield* exchange(fd, { method: 'GET', path: '/', host: w.host, headers: {}, body: null, tls: true, cert: own }, 10_000_000);
  const cert = got.ok ? got.value?.cert ?? null : null;
  yield* out('CONNECTED(00000003)\n');
  if (!cert) {
    yield* err(got.ok ? '140291893180304:error:140770FC:SSL routines:SSL23_GET_SERVER_HELLO:unknown protocol:s23_clnt.c:794:\n' : 'write:errno=104\n');
    yield* out('---\nno peer certificate available\n---\nNo client certificate CA names sent\n---\nSSL handshake has read 7 bytes and written 289 bytes\n---\nNew, (NONE), Cipher is (NONE)\nSecure Renegotiation IS NOT supported\nCompression: NONE\nExpansion: NONE\n---\n');
    return 1;
  }
  const verdict = yield* judge(cert, w.ca);
  const depth = verdict.code === 0 ? `depth=1 CN = ${cert.ca}\nverify return:1\n` : '';
  const name = [...(cert.organizations ?? []).map((o) => `O = ${o}`), `CN = ${cert.subject}`].join(', ');
  yield* err(`${depth}depth=0 ${name}\n${verdict.code === 0 ? '' : `verify error:num=${verdict.code === 21 ? '20:unable to get local issuer certificate' : `${verdict.code}:${verdict.words}`}\n`}verify return:1\n`);
  if (verdict.code === 21) yield* err(`depth=0 ${name}\nverify error:num=21:unable to verify the first certificate\nverify return:1\n`);
  if (!w.quiet) yield* out(session(cert, verdict, style));
  if (got.ok && got.value?.status === 495) { yield* err('140291893180304:error:14094412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:s3_pkt.c:1493:SSL alert number 42\n140291893180304:error:140790E5:SSL routines:ssl23_write:ssl handshake failure:s23_lib.c:177:\n'); return 1; }
  return yield* talk(fd, w, own);
}

/** Lines typed are an HTTP request once a blank one ends it; Q or the end of input leaves. */
function* talk(fd: number, w: Wish, own: Certificate | null): Sys<number> {
  let text = '';
  for (;;) {
    const part = yield* call('read', { fd: 0 });
    if (!part.ok || part.value === '' || part.value === 'Q\n') { yield* err('DONE\n'); break; }
    text += part.value;
    const head = /^(\w+) (\S+)(?: HTTP\/1\.[01])?\r?\n[\s\S]*?\r?\n\r?\n?$/.exec(text);
    if (!head || !/\n\r?\n$|^\w+ \S+\r?\n$/.test(text)) continue;
    const answer = yield* exchange(fd, { method: head[1]!, path: head[2]!, host: /^host: *(\S+)/im.exec(text)?.[1] ?? w.host, headers: {}, body: null, tls: true, cert: own }, 30_000_000);
    text = '';
    if (!answer.ok || !answer.value) { yield* out('closed\n'); break; }
    const { status, headers, body } = answer.value;
    yield* out(`HTTP/1.1 ${status} ${({ 200: 'OK', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' } as Readonly<Record<number, string>>)[status] ?? ''}\r\n${Object.entries(headers).map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${typeof body === 'string' ? body : JSON.stringify(body)}\n`);
  }
  yield* call('close', { fd });
  return 0;
}

export function* verify(args: readonly string[]): Sys<number> {
  let caFile: string | null = null;
  const files: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '-CAfile') caFile = args[++i] ?? null;
    else if (args[i]!.startsWith('-')) { yield* err(`usage: verify [-verbose] [-CApath path] [-CAfile file] [-purpose purpose] cert1 cert2 ...\n`); return 1; } else files.push(args[i]!);
  }
  let status = 0;
  for (const path of files.length ? files : [null]) {
    const cert = yield* readCertificate(path);
    if (!cert) { status = 2; continue; }
    const verdict = yield* judge(cert, caFile);
    if (verdict.code === 0) { yield* out(`${path ?? 'stdin'}: OK\n`); continue; }
    const [code, words] = verdict.code === 21 ? [20, 'unable to get local issuer certificate'] : [verdict.code, verdict.words];
    yield* out(`${path ?? 'stdin'}: ${[...(cert.organizations ?? []).map((o) => `O = ${o}`), `CN = ${cert.subject}`].join(', ')}\nerror ${code} at 0 depth lookup:${words}\n`);
    status = 2;
  }
  return status;
}
