/**
 * curl 7.52.1 as Planet has it: HTTP and HTTPS, its errors and exit codes. Names are resolved and
 * connections made by the same steps as any program's (curl-connect.ts).
 */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import { base64 } from '../../../sim/proc/certificate.ts';
import { exchange, parseUrl, type HttpResponse } from '../../../sim/proc/http.ts';
import { err, out, readAll, strerror } from '../../../sim/proc/libc.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { byteLength, contentLength } from '../../../sim/proc/text.ts';
import { httpDate } from '../../../sim/services/etcd/calendar.ts';
import type { Command } from '../../command.ts';
import { certificateFile, connect, type Connected, distrust, type Failure, left, type Target, timedOut, type Timing, tlsLines } from './curl-connect.ts';
import { parseCurl, type CurlOptions } from './curl-options.ts';
import { REASONS } from './http-text.ts';
import { mono, real } from './lookup.ts';

const HELP = `Usage: curl [options...] <url>
Options: (H) means HTTP/HTTPS only, (F) means FTP only
     --cacert FILE   CA certificate to verify peer against (SSL)
 -E, --cert CERT[:PASSWD]  Client certificate file and password (SSL)
     --connect-timeout SECONDS  Maximum time allowed for connection
 -d, --data DATA     HTTP POST data (H)
 -f, --fail          Fail silently (no output at all) on HTTP errors (H)
 -H, --header LINE   Pass custom header LINE to server (H)
 -I, --head          Show document info only
 -h, --help          This help text
 -i, --include       Include protocol headers in the output (H/F)
 -k, --insecure      Allow connections to SSL sites without certs (H)
     --key KEY       Private key file name (SSL/SSH)
 -L, --location      Follow redirects (H)
 -m, --max-time SECONDS  Maximum time allowed for the transfer
 -o, --output FILE   Write to FILE instead of stdout
 -O, --remote-name   Write output to a file named as the remote file
 -X, --request COMMAND  Specify request command to use
     --resolve HOST:PORT:ADDRESS  Force resolve of HOST:PORT to ADDRESS
     --retry NUM     Retry request NUM times if transient problems occur
 -S, --show-error    Show error. With -s, make curl show errors when they occur
 -s, --silent        Silent mode (don't output anything)
 -u, --user USER[:PASSWORD]  Server user and password
 -A, --user-agent STRING  Send User-Agent STRING to server (H)
 -v, --verbose       Make the operation more talkative
 -V, --version       Show version number and quit
 -w, --write-out FORMAT  Use output FORMAT after completion
`;

/** What a server's value looks like as text: Kubernetes' API indents its objects for curl. */
function bodyText(body: Json): string {
  if (typeof body === 'string') return body;
  if (body === null || body === undefined) return '';
  const kubernetes = typeof body === 'object' && !Array.isArray(body) && 'apiVersion' in body && 'kind' in body;
  return `${JSON.stringify(body, null, kubernetes ? 2 : undefined)}\n`;
}

/** Headers as they stand on the wire; a server that gives no length has it and the date put in, as Go's does. */
function headerBlock(response: HttpResponse, length: number, date: string): string {
  const given = response.headers;
  const added = given['Content-Length'] !== undefined ? {} : response.stream ? { Date: date, 'Transfer-Encoding': 'chunked' } : { Date: date, 'Content-Length': String(length) };
  return `HTTP/1.1 ${response.status} ${REASONS[response.status] ?? ''}\r\n${Object.entries({ ...given, ...added }).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

const METER = '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n';
const EMPTY_METER = '\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0';
/** max5data: five characters. */
const unit = (n: number): string => (n < 100_000 ? String(n) : n < 10_240_000 ? `${Math.floor(n / 1024)}k`
  : n < 104_857_600 ? `${Math.floor(n / 1_048_576)}.${Math.floor(n % 1_048_576 / 104_858)}M` : n < 10_485_760_000 ? `${Math.floor(n / 1_048_576)}M` : `${Math.floor(n / 1_073_741_824)}G`);
function meterLine(bytes: number, us: Us): string {
  const speed = us > 0 ? Math.floor((bytes * 1_000_000) / us) : bytes;
  const time = us < 1_000_000 ? '--:--:--' : `0:${String(Math.floor(us / 60_000_000)).padStart(2, '0')}:${String(Math.floor(us / 1_000_000) % 60).padStart(2, '0')}`.padStart(8);
  return `${EMPTY_METER}\r100 ${unit(bytes).padStart(5)}  100 ${unit(bytes).padStart(5)}    0     0  ${unit(speed).padStart(5)}      0 ${time} ${time} --:--:-- ${unit(speed).padStart(5)}\n`;
}

interface Done { status: number; response: HttpResponse | null; bytes: number; sent: number; asked: number; connection: Connected | null; beganUs: Us }
type Say = (text: string) => Sys<void>;

/** The body to send: words of -d joined, files read, -T's file. */
function* bodyOf(o: CurlOptions): Sys<string | null | Failure> {
  if (o.upload !== null) {
    const file = o.upload === '-' ? yield* readAll(0) : yield* call('readFile', { path: o.upload });
    return file.ok ? file.value : { status: 26, message: `couldn't open file "${o.upload}"` };
  }
  if (!o.data.length && !o.encode.length) return null;
  const parts: string[] = [];
  for (const word of o.data) {
    if (!word.startsWith('@')) { parts.push(word.startsWith('\\@') ? word.slice(1) : word); continue; }
    const file = word === '@-' ? yield* readAll(0) : yield* call('readFile', { path: word.slice(1) });
    if (!file.ok) yield* err(`Warning: Couldn't read data from file "${word.slice(1)}", this makes an empty POST.\n`);
    parts.push(file.ok ? file.value.replace(/\r?\n/g, '') : '');
  }
  for (const word of o.encode) {
    const at = word.indexOf('=');
    parts.push(at < 0 ? encodeURIComponent(word) : `${at > 0 ? `${word.slice(0, at)}=` : ''}${encodeURIComponent(word.slice(at + 1))}`);
  }
  return parts.join('&');
}

function requestHeaders(o: CurlOptions, posted: boolean): Record<string, string> {
  const headers: Record<string, string> = { 'User-Agent': o.agent, Accept: '*/*' };
  if (o.user !== null) headers['Authorization'] = `Basic ${base64(o.user)}`;
  if (posted && o.upload === null) headers['Content-Type'] = 'application/x-www-form-urlencoded';
  for (const line of o.headers) {
    const at = line.search(/[:;]/);
    if (at < 0) continue;
    const name = line.slice(0, at).trim();
    const known = Object.keys(headers).find((other) => other.toLowerCase() === name.toLowerCase());
    if (known) delete headers[known];
    const value = line.slice(at + 1).trim();
    if (value !== '' || line[at] === ';') headers[name] = value;
  }
  if (o.agent === '') delete headers['User-Agent'];
  return headers;
}

/** A JSON body travels as a value, anything else as text. */
function jsonBody(data: string | null, type: string): Json {
  if (data === null || !/json/.test(type)) return data;
  try { return JSON.parse(data) as Json; } catch { return data; }
}

function* transfer(url: string, t: Timing, say: Say, meter: boolean, file: string | null): Sys<Done | Failure> {
  const { options: o } = t;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  const target = parseUrl(scheme ? url.replace(scheme, scheme.toLowerCase()) : `http://${url}`);
  if (!target) return scheme && !/^https?$/i.test(scheme) ? { status: 1, message: `Protocol "${scheme}" not supported or disabled in libcurl` } : { status: 3, message: '<url> malformed' };
  const cert = yield* certificateFile(o.cert, o.key);
  if (cert !== null && 'message' in cert) return cert;
  const body = yield* bodyOf(o);
  if (body !== null && typeof body === 'object') return body;
  const connection = yield* connect(target, t, say);
  if ('message' in connection) return connection;
  const posted = body !== null && !o.asGet;
  const method = o.method ?? (o.head ? 'HEAD' : o.upload !== null ? 'PUT' : posted ? 'POST' : 'GET');
  const headers = requestHeaders(o, posted);
  const path = o.asGet && body !== null ? `${target.path}${target.path.includes('?') ? '&' : '?'}${body}` : target.path;
  const host = headers['Host'] ?? (target.port === (target.tls ? 443 : 80) ? target.host : `${target.host}:${target.port}`);
  const whole = o.proxy !== null && !target.tls ? `http://${host}${path}` : path;
  const size = posted ? byteLength(body) : 0;
  const { Host: _host, ...shown } = headers;
  const lines = { ...shown, ...(posted && { 'Content-Length': String(size) }) };
  const asked = `> ${method} ${whole} HTTP/1.1\r\n> Host: ${host}\r\n${Object.entries(lines).map(([name, value]) => `> ${name}: ${value}\r\n`).join('')}> \r\n`;
  const got = yield* exchange(connection.fd, { method, path: whole, host, headers, body: posted ? jsonBody(body, headers['Content-Type'] ?? '') : null, tls: target.tls, cert }, yield* left(t));
  const beganUs = (yield* mono()) - t.startedAt;
  if (!got.ok) {
    yield* call('close', { fd: connection.fd });
    if (got.errno === 'ETIMEDOUT' && o.maxTime !== null) return timedOut(t, yield* mono(), false);
    return { status: 56, message: `Recv failure: ${strerror(got.errno)}` };
  }
  const response = got.value;
  if (response === null) {
    yield* say(`${asked}* Curl_http_done: called premature == 0\n* Empty reply from server\n* Connection #0 to host ${target.host} left intact\n`);
    yield* call('close', { fd: connection.fd });
    return target.tls ? { status: 35, message: 'Unknown SSL protocol error in connection to ' + `${target.host}:${target.port} ` } : { status: 52, message: 'Empty reply from server' };
  }
  const distrusted = yield* distrust(response, target, o);
  if (distrusted) {
    yield* say(`* ALPN, offering http/1.1\n* ${distrusted.message.split('\n')[0]}\n* Curl_http_done: called premature == 1\n* Closing connection 0\n`);
    yield* call('close', { fd: connection.fd });
    return distrusted;
  }
  yield* say(tlsLines(target, response, o) + asked + (posted ? `* upload completely sent off: ${size} out of ${size} bytes\n` : ''));
  const result = yield* receive(response, connection, t, { say, meter, target, file });
  yield* call('close', { fd: connection.fd });
  return 'message' in result ? result : { ...result, sent: size, asked: asked.replace(/^> /gm, '').length + size, beganUs };
}

interface Sink { say: Say; meter: boolean; target: Target; file: string | null }

/** Shows or stores what came. A stream goes on until the server closes it. */
function* receive(response: HttpResponse, connection: Connected, t: Timing, { say, meter, target, file }: Sink): Sys<Done | Failure> {
  const { options: o } = t;
  const full = bodyText(response.body);
  const text = o.head ? '' : full;
  const head = headerBlock(response, contentLength(full), httpDate(yield* real()));
  yield* say(head.split('\r\n').slice(0, -1).map((line) => `< ${line}\r\n`).join(''));
  if (o.dumpHeader !== null) {
    if (o.dumpHeader === '-') yield* out(head); else yield* call('writeFile', { path: o.dumpHeader, text: head });
  }
  if (o.fail && response.status >= 400) {
    yield* say('* The requested URL returned error: ' + `${response.status} ${REASONS[response.status] ?? ''}`.trimEnd() + '\n* Curl_http_done: called premature == 1\n* Closing connection 0\n');
    return { status: 22, message: `The requested URL returned error: ${response.status} ${REASONS[response.status] ?? ''}`.trimEnd() };
  }
  const first = (o.include || o.head ? head : '') + text;
  const stored = yield* store(file, first, o, false);
  if (stored) return stored;
  let bytes = o.head ? 0 : Number(response.headers['Content-Length'] ?? contentLength(text));
  while (response.stream) {
    const more = yield* call('recv', { fd: connection.fd, timeoutUs: yield* left(t) });
    if (!more.ok) return more.errno === 'ETIMEDOUT' ? { status: 28, message: `Operation timed out after ${Math.floor(((yield* mono()) - t.startedAt) / 1_000)} milliseconds with ${bytes} bytes received` } : { status: 56, message: `Recv failure: ${strerror(more.errno)}` };
    if (more.value === null) break;
    const piece = typeof more.value.data === 'string' ? more.value.data : `${JSON.stringify(more.value.data)}\n`;
    bytes += byteLength(piece);
    const bad = yield* store(file, piece, o, true);
    if (bad) return bad;
  }
  if (meter) yield* err(meterLine(bytes, (yield* mono()) - t.startedAt));
  yield* say(`* Curl_http_done: called premature == 0\n* Connection #0 to host ${target.host} left intact\n`);
  return { status: 0, response, bytes, sent: 0, asked: 0, connection, beganUs: 0 };
}

function* store(file: string | null, text: string, o: CurlOptions, append: boolean): Sys<Failure | null> {
  if (file === null || file === '-') {
    yield* out(text);
    return null;
  }
  if (o.createDirs && !append) {
    const parts = file.split('/').slice(0, -1);
    for (let n = 1; n <= parts.length; n++) if (parts.slice(0, n).join('/')) yield* call('mkdir', { path: parts.slice(0, n).join('/') });
  }
  const made = yield* call('writeFile', { path: file, text, append });
  if (made.ok) return null;
  if (!o.silent) yield* err(`Warning: Failed to create the file ${file}: ${strerror(made.errno)}\n`);
  return { status: 23, message: 'Failure writing output to destination' };
}

const time = (us: Us): string => `${Math.floor(us / 1_000_000)}.${String(us % 1_000_000).padStart(6, '0')}`;

function writeOutText(format: string, done: Done, url: string, us: Us, redirects: number): string {
  const c = done.connection;
  const code = String(done.response?.status ?? 0).padStart(3, '0');
  const known: Record<string, string> = {
    http_code: code, response_code: code, http_connect: '000', time_total: time(us), time_namelookup: time(c?.resolvedUs ?? 0), time_connect: time(c?.connectedUs ?? 0), time_appconnect: time(url.startsWith('https') ? c?.connectedUs ?? 0 : 0),
    time_pretransfer: time(c?.connectedUs ?? 0), time_starttransfer: time(done.beganUs), time_redirect: time(0), size_download: String(done.bytes), size_upload: String(done.sent), size_header: String(done.response ? headerBlock(done.response, done.bytes, '').length : 0), size_request: String(done.asked),
    speed_download: `${us > 0 ? Math.floor((done.bytes * 1_000_000) / us) : 0}.000`, speed_upload: '0.000', url_effective: url, content_type: done.response?.headers['Content-Type'] ?? '', num_connects: c ? '1' : '0', num_redirects: String(redirects), redirect_url: done.response?.headers['Location'] ?? '',
    remote_ip: c?.addr ?? '', remote_port: String(c?.port ?? 0), local_ip: c?.local ?? '', local_port: String(c?.localPort ?? 0), ssl_verify_result: '0', http_version: done.response ? '1.1' : '0', scheme: url.startsWith('https') ? 'HTTPS' : 'HTTP', filename_effective: '', ftp_entry_path: '',
  };
  return format.replace(/%\{(\w+)\}|%%|\\([nrt\\])/g, (whole, name: string | undefined, escape: string | undefined) => {
    if (whole === '%%') return '%';
    if (escape) return { n: '\n', r: '\r', t: '\t', '\\': '\\' }[escape]!;
    return known[name!] ?? whole;
  });
}

function* main(start: Start): Sys<number> {
  const argv = start.argv.slice(1);
  if (argv.some((word) => word === '-h' || word === '--help')) { yield* out(HELP); return 0; }
  if (argv.some((word) => word === '-V' || word === '--version')) {
    yield* out('curl 7.52.1 (x86_64-pc-linux-gnu) libcurl/7.52.1 OpenSSL/1.0.2r zlib/1.2.8 libidn2/0.16 libpsl/0.17.0 (+libidn2/0.16) libssh2/1.7.0 nghttp2/1.18.1 librtmp/2.3\nProtocols: http https \nFeatures: AsynchDNS IDN IPv6 Largefile NTLM NTLM_WB SSL libz TLS-SRP HTTP2 UnixSockets HTTPS-proxy PSL \n');
    return 0;
  }
  const parsed = parseCurl(argv);
  if ('error' in parsed) { yield* err(parsed.error); return parsed.status; }
  const { options } = parsed;
  if (!options.urls.length) { yield* err('curl: no URL specified!\ncurl: try \'curl --help\' or \'curl --manual\' for more information\n'); return 2; }
  options.proxy ??= start.env['http_proxy'] || null;
  if (options.writeOut?.startsWith('@')) {
    const file = yield* call('readFile', { path: options.writeOut.slice(1) });
    options.writeOut = file.ok ? file.value : '';
  }
  let status = 0;
  for (const [i, url] of options.urls.entries()) {
    status = yield* fetchOne(url, options, options.outputs[i] ?? null);
    if (status !== 0 && options.failEarly) break;
  }
  return status;
}

/** Worth another try: no connection in time, no answer in time, or the server is overloaded. */
const transient = (done: Done | Failure, o: CurlOptions): boolean =>
  ('message' in done ? done.status === 28 || done.status === 6 && /again/.test(done.message) || o.retryRefused && /refused/.test(done.message) : [408, 500, 502, 503, 504].includes(done.response?.status ?? 0));

function* fetchOne(url: string, options: CurlOptions, output: string | null): Sys<number> {
  const name = url.replace(/^\w+:\/\//, '').split('?')[0]!.split('/').slice(1).pop() ?? '';
  const remote = options.remoteName && output === null;
  const fail = function* (failure: Failure): Sys<number> {
    if (!options.silent || options.showErrors) yield* err(`curl: (${failure.status}) ${failure.message}\n`);
    return failure.status;
  };
  if (remote && name === '') return yield* fail({ status: 23, message: 'Remote file name has no length!' });
  const file = output ?? (remote ? name : null);
  const stdout = yield* call('tty', { fd: 1 });
  const meter = !options.silent && !options.verbose && (file !== null && file !== '-' || !stdout.ok);
  if (meter) yield* err(METER);
  const say: Say = function* (text) { if (options.verbose) yield* err(text); };
  const timing: Timing = { startedAt: yield* mono(), options };
  let next = url, redirects = 0, delay = options.retryDelay ?? 1;
  let done: Done | Failure = { status: 0, response: null, bytes: 0, sent: 0, asked: 0, connection: null, beganUs: 0 };
  for (let tries = 0; ; tries++) {
    next = url;
    for (redirects = 0; ; redirects++) {
      done = yield* transfer(next, timing, say, meter, file);
      const response = 'message' in done ? null : done.response;
      const location = response?.headers['Location'];
      if (!options.follow || !response || response.status < 300 || response.status > 399 || !location) break;
      if (redirects >= options.maxRedirects) { done = { status: 47, message: `Maximum (${options.maxRedirects}) redirects followed` }; break; }
      next = /^https?:/.test(location) ? location : `${/^https?:\/\/[^/]+/.exec(next)?.[0] ?? `http://${next.split('/')[0]}`}${location}`;
      yield* say(`* Issue another request to this URL: '${next}'\n`);
    }
    if (tries >= options.retry || !transient(done, options)) break;
    if (!options.silent) yield* err(`Warning: Transient problem: ${'message' in done ? 'timeout' : 'HTTP error'} Will retry in ${delay} seconds. ${options.retry - tries} \nWarning: retries left.\n`);
    yield* call('sleep', { us: seconds(delay) });
    if (options.retryDelay === null) delay = Math.min(600, delay * 2);
  }
  const took = (yield* mono()) - timing.startedAt;
  if ('message' in done) {
    if (meter) yield* err(`${EMPTY_METER}\n`);
    if (options.writeOut !== null) yield* out(writeOutText(options.writeOut, { status: done.status, response: null, bytes: 0, sent: 0, asked: 0, connection: null, beganUs: 0 }, next, took, redirects));
    return yield* fail(done);
  }
  if (options.writeOut !== null) yield* out(writeOutText(options.writeOut, done, next, took, redirects));
  return done.status;
}

export const curls: readonly Command[] = [{ name: 'curl', main }];
