/** How curl gets to its server: names, connections, proxies, certificates; and the words when it does not. */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import { parsePem } from '../../../sim/proc/certificate.ts';
import type { Certificate, HttpResponse } from '../../../sim/proc/http.ts';
import { strerror } from '../../../sim/proc/libc.ts';
import type { Sys } from '../../../sim/proc/program.ts';
import { call, type Fd } from '../../../sim/proc/syscalls.ts';
import type { CurlOptions } from './curl-options.ts';
import { isIp, lookup, mono } from './lookup.ts';

export interface Failure { status: number; message: string }
export type Target = { tls: boolean; host: string; port: number; path: string };
export interface Timing { startedAt: Us; options: CurlOptions }
export interface Connected { fd: Fd; addr: string; port: number; local: string; localPort: number; resolvedUs: Us; connectedUs: Us }

/** The patience left of --max-time, or undefined. */
export function* left(t: Timing): Sys<Us | undefined> {
  return t.options.maxTime === null ? undefined : Math.max(1, seconds(t.options.maxTime) - ((yield* mono()) - t.startedAt));
}

export const timedOut = (t: Timing, now: Us, connecting: boolean): Failure => {
  const millis = Math.floor((now - t.startedAt) / 1_000) + (connecting ? 1 : 0);
  return { status: 28, message: connecting ? `Connection timed out after ${millis} milliseconds` : `Operation timed out after ${millis} milliseconds with 0 bytes received` };
};

/** Where to go for this target: --connect-to, --resolve, a proxy, or its own name. */
function destination(target: Target, o: CurlOptions): { host: string; port: number; fixed: string | null; proxy: boolean } {
  for (const entry of o.connectTo) {
    const [host, port, to, toPort] = entry.split(':') as [string, string, string, string];
    if ((host === '' || host === target.host) && (port === '' || Number(port) === target.port)) return { host: to || target.host, port: Number(toPort) || target.port, fixed: null, proxy: false };
  }
  const entry = o.resolve.map((each) => each.split(':')).find(([host, port]) => (host === target.host || host === '*') && Number(port) === target.port);
  if (entry) return { host: target.host, port: target.port, fixed: entry[2]!.split(',')[0]!, proxy: false };
  if (o.proxy) {
    const m = /^(?:\w+:\/\/)?([^:/]+)(?::(\d+))?/.exec(o.proxy)!;
    return { host: m[1]!, port: Number(m[2] ?? 1080), fixed: null, proxy: true };
  }
  return { host: target.host, port: target.port, fixed: null, proxy: false };
}

export function* connect(target: Target, t: Timing, say: (text: string) => Sys<void>): Sys<Connected | Failure> {
  const { options: o } = t;
  if (o.unix !== null) {
    const socket = yield* call('connectUnix', { path: o.unix });
    if (!socket.ok) return { status: 7, message: 'Couldn\'t connect to server' };
    return { fd: socket.value, addr: '', port: 0, local: '', localPort: 0, resolvedUs: 0, connectedUs: 0 };
  }
  const to = destination(target, o);
  const patience = Math.min(o.connectTimeout ? seconds(o.connectTimeout) : Infinity, (yield* left(t)) ?? Infinity);
  const began = yield* mono();
  let addr = to.fixed ?? to.host;
  if (!isIp(addr)) {
    const found = yield* lookup(addr, patience === Infinity ? Infinity : began + patience);
    if (!found.ok && found.reason === 'late') return { status: 28, message: `Resolving timed out after ${Math.floor(((yield* mono()) - t.startedAt) / 1_000) + 1} milliseconds` };
    if (!found.ok || o.six) {
      yield* say(`* Could not resolve host: ${to.host}\n* Closing connection 0\n`);
      return { status: to.proxy ? 5 : 6, message: `Could not resolve ${to.proxy ? 'proxy' : 'host'}: ${to.host}` };
    }
    addr = found.addresses[0]!;
  }
  const resolvedUs = (yield* mono()) - t.startedAt;
  yield* say(`*   Trying ${addr}...\n* TCP_NODELAY set\n`);
  const source = yield* sourceOf(o.source);
  if (typeof source === 'object' && source !== null) return source;
  const rest = patience === Infinity ? undefined : Math.max(1, began + patience - (yield* mono()));
  const connected = yield* call('connect', { proto: 'tcp', addr, port: to.port, timeoutUs: rest, ...(source && { from: { addr: source } }) });
  if (connected.ok) {
    yield* say(`* Connected to ${to.host} (${addr}) port ${to.port} (#0)\n`);
    const ends = yield* call('sockname', { fd: connected.value });
    return { fd: connected.value, addr, port: to.port, local: ends.ok ? ends.value.addr : '', localPort: ends.ok ? ends.value.port : 0, resolvedUs, connectedUs: (yield* mono()) - t.startedAt };
  }
  if (connected.errno === 'ETIMEDOUT' && rest !== undefined) {
    const failure = timedOut(t, yield* mono(), true);
    yield* say(`* ${failure.message}\n* Curl_http_done: called premature == 1\n* Closing connection 0\n`);
    return failure;
  }
  const why = strerror(connected.errno);
  yield* say(`* connect to ${addr} port ${to.port} failed: ${why}\n* Failed to connect to ${to.host} port ${to.port}: ${why}\n* Closing connection 0\n`);
  return { status: 7, message: `Failed to connect to ${to.host} port ${to.port}: ${why}` };
}

/** --interface: an address, or that of an interface. */
function* sourceOf(what: string | null): Sys<string | Failure | null> {
  if (what === null || isIp(what)) return what;
  const links = yield* call('netRead', { what: { kind: 'links' } });
  const link = (links.ok ? (links.value as unknown as { name: string; addrs: { ip: string }[] }[]) : []).find(({ name }) => name === what);
  return link?.addrs[0]?.ip ?? { status: 45, message: `Couldn't bind to '${what}'` };
}

const NOT_TRUSTED = `SSL certificate problem: unable to get local issuer certificate
More details here: https://curl.haxx.se/docs/sslcerts.html

curl performs SSL certificate verification by default, using a "bundle"
 of Certificate Authority (CA) public keys (CA certs). If the default
 bundle file isn't adequate, you can specify an alternate file
 using the --cacert option.
If this HTTPS server uses a certificate signed by a CA represented in
 the bundle, the certificate verification probably failed due to a
 problem with the certificate (it might be expired, or the name might
 not match the domain name in the URL).
If you'd like to turn off curl's verification of the certificate, use
 the -k (or --insecure) option.`;

/** Of a server that signed its certificate itself. */
const SELF_SIGNED = `SSL certificate problem: self-signed certificate
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.`;

const NO_CERT = 'could not load PEM client certificate, OpenSSL error error:02001002:system library:fopen:No such file or directory, (no key found, wrong pass phrase, or wrong file format?)';

export function* certificateFile(path: string | null, key: string | null): Sys<Certificate | null | Failure> {
  if (path === null) return null;
  const file = yield* call('readFile', { path: path.replace(/^(\/?[^:]+):.*$/, '$1') });
  const cert = file.ok ? parsePem(file.value) : null;
  if (!cert) return { status: 58, message: NO_CERT };
  if (key !== null && !(yield* call('access', { path: key, mode: 'r' })).ok) return { status: 58, message: `unable to set private key file: '${key}' type PEM` };
  return cert;
}

/** What is wrong with the server's certificate, if the client looks. */
export function* distrust(response: HttpResponse, target: Target, o: CurlOptions): Sys<Failure | null> {
  if (!target.tls) return null;
  if (response.status === 495) return { status: 35, message: 'error:14094412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate' };
  if (!response.cert) return { status: 35, message: 'OpenSSL/1.0.2r: error:1408F10B:SSL routines::wrong version number' };
  if (o.insecure) return null;
  const pem = o.cacert === null ? null : yield* call('readFile', { path: o.cacert });
  const ca = pem?.ok ? parsePem(pem.value) : null;
  if (o.cacert !== null && !ca) return { status: 77, message: `error setting certificate verify locations:\n  CAfile: ${o.cacert}\n  CApath: none` };
  if (ca === null || ca.ca !== response.cert.ca) return { status: 60, message: response.cert.ca === response.cert.subject ? SELF_SIGNED : NOT_TRUSTED };
  if (!response.cert.names.includes(target.host)) return { status: 51, message: `SSL: no alternative certificate subject name matches target host name '${target.host}'` };
  return null;
}

/** What -v tells of a TLS handshake that went well. */
export function tlsLines(target: Target, response: HttpResponse, o: CurlOptions): string {
  const { cert } = response;
  if (!target.tls || !cert) return '';
  const verified = o.insecure ? '*  SSL certificate verify result: unable to get local issuer certificate (20), continuing anyway.\n' : '*  SSL certificate verify ok.\n';
  return `* ALPN, offering h2\n* ALPN, offering http/1.1\n* Cipher selection: ALL:!EXPORT:!EXPORT40:!EXPORT56:!aNULL:!LOW:!RC4:@STRENGTH\n* TLSv1.2 (OUT), TLS handshake, Client hello (1):\n* TLSv1.2 (IN), TLS handshake, Server hello (2):\n* TLSv1.2 (IN), TLS handshake, Certificate (11):\n* TLSv1.2 (OUT), TLS handshake, Finished (20):\n* SSL connection using TLSv1.2 / ECDHE-RSA-AES128-GCM-SHA256\n* ALPN, server accepted to use http/1.1\n* Server certificate:\n*  subject: CN=${cert.subject}\n*  issuer: CN=${cert.ca}\n${verified}`;
}
