/** wget 1.18: one file after another into files or, with -O -, to its output; retries, headers, spider. */
import { seconds, type Us } from '../../../sim/engine/time.ts';
import { exchange, parseUrl, type HttpResponse } from '../../../sim/proc/http.ts';
import { err, out, strerror } from '../../../sim/proc/libc.ts';
import { parsePem } from '../../../sim/proc/certificate.ts';
import type { Json, Start, Sys } from '../../../sim/proc/program.ts';
import { call } from '../../../sim/proc/syscalls.ts';
import { byteLength } from '../../../sim/proc/text.ts';
import { capnslogTime } from '../../../sim/services/etcd/calendar.ts';
import { bodyText, REASONS } from './http-text.ts';
import { gaiError, isIp, lookup, mono, real } from './lookup.ts';

interface Options { urls: string[]; output: string | null; quiet: boolean; verbose: boolean; spider: boolean; check: boolean; timeoutUs: Us; tries: number; headers: Record<string, string>; post: string | null; server: boolean; ca: string | null; cert: string | null; dir: string; continue: boolean }

const LONG: Readonly<Record<string, string>> = { 'output-document': 'O', quiet: 'q', verbose: 'v', 'no-verbose': 'nv', timeout: 'T', tries: 't', header: 'header', 'post-data': 'post', spider: 'spider', 'no-check-certificate': 'k', 'server-response': 'S', 'ca-certificate': 'ca', certificate: 'cert', 'private-key': 'key', 'directory-prefix': 'P', continue: 'c', 'user-agent': 'U', 'connect-timeout': 'T', 'read-timeout': 'T', 'dns-timeout': 'T', 'no-proxy': 'noop', 'inet4-only': 'noop' };
const VALUED = new Set(['O', 'T', 't', 'header', 'post', 'ca', 'cert', 'key', 'P', 'U']);

function parse(words: readonly string[]): Options | string {
  const o: Options = { urls: [], output: null, quiet: false, verbose: true, spider: false, check: true, timeoutUs: seconds(900), tries: 20, headers: {}, post: null, server: false, ca: null, cert: null, dir: '', continue: false };
  const bad = (text: string): string => `wget: ${text}\nUsage: wget [OPTION]... [URL]...\n\nTry \`wget --help' for more options.\n`;
  const set = (name: string, value: string): string | null => {
    switch (name) {
      case 'O': o.output = value; return null;
      case 'q': o.quiet = true; return null;
      case 'v': o.verbose = true; return null;
      case 'nv': o.verbose = false; return null;
      case 'T': if (!/^\d+(\.\d+)?$/.test(value)) return `wget: --timeout: Invalid time period ‘${value}’\n`; o.timeoutUs = seconds(Number(value) || 900); return null;
      case 't': if (!/^(\d+|inf)$/.test(value)) return `wget: --tries: Invalid number ‘${value}’.\n`; o.tries = value === 'inf' || value === '0' ? Infinity : Number(value); return null;
      case 'header': { const at = value.indexOf(':'); if (at < 1) return `wget: --header: Invalid header ‘${value}’.\n`; o.headers[value.slice(0, at)] = value.slice(at + 1).trim(); return null; }
      case 'post': o.post = value; return null;
      case 'spider': o.spider = true; return null;
      case 'k': o.check = false; return null;
      case 'S': o.server = true; return null;
      case 'ca': o.ca = value; return null;
      case 'cert': o.cert = value; return null;
      case 'P': o.dir = `${value.replace(/\/$/, '')}/`; return null;
      case 'c': o.continue = true; return null;
      case 'U': o.headers['User-Agent'] = value; return null;
      default: return null;
    }
  };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word.startsWith('--')) {
      const at = word.indexOf('=');
      const name = LONG[at < 0 ? word.slice(2) : word.slice(2, at)];
      if (!name) return bad(`unrecognized option '${word}'`);
      const problem = set(name, VALUED.has(name) ? (at < 0 ? words[++i] ?? '' : word.slice(at + 1)) : '');
      if (problem) return problem;
    } else if (word.startsWith('-') && word.length > 1) {
      if (word === '-nv') { o.verbose = false; continue; }
      for (let k = 1; k < word.length; k++) {
        const c = word[k]!;
        if (!'OqvTtSPcU4'.includes(c)) return bad(`invalid option -- '${c}'`);
        const value = VALUED.has(c) ? word.slice(k + 1) || words[++i] : '';
        if (value === undefined) return bad(`option requires an argument -- '${c}'`);
        const problem = set(c, value);
        if (problem) return problem;
        if (VALUED.has(c)) break;
      }
    } else o.urls.push(word);
  }
  return o;
}

function* main(start: Start): Sys<number> {
  const words = start.argv.slice(1);
  if (words.includes('--version') || words.includes('-V')) { yield* out('GNU Wget 1.18 built on linux-gnu.\n'); return 0; }
  if (words.includes('--help') || words.includes('-h')) { yield* out('GNU Wget 1.18, a non-interactive network retriever.\nUsage: wget [OPTION]... [URL]...\n'); return 0; }
  const o = parse(words);
  if (typeof o === 'string') { yield* err(o); return 2; }
  if (!o.urls.length) { yield* err('wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help\' for more options.\n'); return 1; }
  let status = 0;
  for (const url of o.urls) status = (yield* get(/^\w+:\/\//.test(url) ? url : `http://${url}`, o)) || status;
  return status;
}

function* get(first: string, o: Options): Sys<number> {
  const say = function* (text: string): Sys<void> { if (!o.quiet && o.verbose) yield* err(text); };
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const target = parseUrl(url);
    if (!target) { yield* err(`${url}: Unsupported scheme.\n`); return 1; }
    const file = o.output ?? o.dir + (target.path.split('?')[0]!.split('/').pop() || 'index.html');
    let got: HttpResponse | number = 4;
    for (let n = 1; n <= o.tries; n++) {
      yield* say(`${n > 1 ? '\n' : ''}--${capnslogTime(yield* real()).slice(0, 19)}--  ${n > 1 ? `(try:${String(n).padStart(2)})  ` : ''}${url.endsWith(target.path) ? url : url + target.path}\n`);
      const answer = yield* once(target, o, say);
      if (answer === 'again' && n < o.tries) {
        yield* say('Retrying.\n');
        yield* call('sleep', { us: seconds(Math.min(n, 10)) });
        continue;
      }
      got = answer === 'again' ? 4 : answer;
      if (answer === 'again') yield* say('Giving up.\n\n');
      break;
    }
    if (typeof got === 'number') return got;
    yield* say(`HTTP request sent, awaiting response... ${got.status} ${REASONS[got.status] ?? ''}\n`);
    if (o.server && !o.quiet) yield* err(`  HTTP/1.1 ${got.status} ${REASONS[got.status] ?? ''}\n${Object.entries(got.headers).map(([name, value]) => `  ${name}: ${value}\n`).join('')}`);
    const location = got.headers['Location'];
    if (got.status >= 300 && got.status < 400 && location && redirects < 20) {
      url = /^https?:/.test(location) ? location : `${/^https?:\/\/[^/]+/.exec(url)![0]}${location}`;
      yield* say(`Location: ${location} [following]\n`);
      continue;
    }
    if (got.status >= 400) {
      const words = `${capnslogTime(yield* real()).slice(0, 19)} ERROR ${got.status}: ${REASONS[got.status] ?? 'Unknown'}.\n`;
      if (!o.quiet) yield* err(o.verbose ? `${words}\n` : `${url}:\n${words}`);
      return 8;
    }
    return yield* store(got, url, file, o, say);
  }
}

type Target = NonNullable<ReturnType<typeof parseUrl>>;

function* once(target: Target, o: Options, say: (text: string) => Sys<void>): Sys<HttpResponse | number | 'again'> {
  let addr = target.host;
  if (!isIp(addr)) {
    yield* say(`Resolving ${target.host} (${target.host})... `);
    const found = yield* lookup(target.host);
    if (!found.ok) {
      yield* say(`failed: ${gaiError(found.reason)}.\n`);
      if (!o.quiet) yield* err(`wget: unable to resolve host address ‘${target.host}’\n`);
      return 4;
    }
    addr = found.addresses[0]!;
    yield* say(`${found.addresses.join(', ')}\n`);
  }
  yield* say(`Connecting to ${target.host}${isIp(target.host) ? '' : ` (${target.host})|${addr}|`}:${target.port}... `);
  const fd = yield* call('connect', { proto: 'tcp', addr, port: target.port, timeoutUs: o.timeoutUs });
  if (!fd.ok) {
    yield* say(`failed: ${strerror(fd.errno)}.\n`);
    return fd.errno === 'ETIMEDOUT' ? 'again' : 4;
  }
  yield* say('connected.\n');
  const pem = o.cert ? yield* call('readFile', { path: o.cert }) : null;
  const host = target.port === (target.tls ? 443 : 80) ? target.host : `${target.host}:${target.port}`;
  const method = o.spider ? 'HEAD' : o.post !== null ? 'POST' : 'GET';
  const got = yield* exchange(fd.value, { method, path: target.path, host, headers: { 'User-Agent': 'Wget/1.18 (linux-gnu)', Accept: '*/*', ...(o.post !== null && { 'Content-Type': 'application/x-www-form-urlencoded' }), ...o.headers }, body: o.post, tls: target.tls, cert: pem?.ok ? parsePem(pem.value) : null }, o.timeoutUs);
  yield* call('close', { fd: fd.value });
  if (!got.ok) { yield* say(`HTTP request sent, awaiting response... Read error (${strerror(got.errno)}) in headers.\n`); return 'again'; }
  if (got.value === null) { yield* say('HTTP request sent, awaiting response... No data received.\n'); return 'again'; }
  return (yield* distrust(target, got.value, o)) ? 5 : got.value;
}

/** Whether the certificate will not do; then it has been said why. */
function* distrust(target: Target, response: HttpResponse, o: Options): Sys<boolean> {
  if (!target.tls) return false;
  if (!response.cert || response.status === 495) {
    if (!o.quiet) yield* err('OpenSSL: error:1408F10B:SSL routines:ssl3_get_record:wrong version number\nUnable to establish SSL connection.\n');
    return true;
  }
  const ca = o.ca ? yield* call('readFile', { path: o.ca }) : null;
  const trusted = ca?.ok ? parsePem(ca.value)?.ca : null;
  const named = response.cert.names.includes(target.host);
  const level = o.check ? 'ERROR' : 'WARNING';
  const unknown = trusted !== response.cert.ca;
  if (!o.quiet && unknown) yield* err(`${level}: cannot verify ${target.host}'s certificate, issued by ‘CN=${response.cert.ca}’:\n  Unable to locally verify the issuer's authority.\n`);
  if (!o.quiet && !unknown && !named) yield* err(`${level}: no certificate subject alternative name matches\n\trequested host name ‘${target.host}’.\n`);
  if (o.check && (unknown || !named) && !o.quiet) yield* err(`To connect to ${target.host} insecurely, use \`--no-check-certificate'.\n`);
  return o.check && (unknown || !named);
}

function* store(got: HttpResponse, url: string, file: string, o: Options, say: (text: string) => Sys<void>): Sys<number> {
  if (o.spider) { yield* say('Remote file exists.\n\n'); return 0; }
  const text = bodyText(got.body as Json);
  const bytes = Number(got.headers['Content-Length'] ?? byteLength(text));
  const type = got.headers['Content-Type']?.split(';')[0];
  yield* say(`Length: ${bytes}${type ? ` [${type}]` : ''}\nSaving to: ‘${file === '-' ? 'STDOUT' : file}’\n\n`);
  const started = yield* mono();
  if (file === '-') yield* out(text);
  else {
    const made = yield* call('writeFile', { path: file, text });
    if (!made.ok) { yield* err(`${file}: ${strerror(made.errno)}\n\nCannot write to ‘${file}’ (${strerror(made.errno)}).\n`); return 3; }
  }
  const took = Math.max(1, (yield* mono()) - started) / 1_000_000;
  const rate = bytes / took;
  const speed = rate >= 1_000_000 ? `${(rate / 1_048_576).toFixed(2)} MB/s` : `${(rate / 1_024).toFixed(1)} KB/s`;
  const at = capnslogTime(yield* real()).slice(0, 19);
  if (o.quiet) return 0;
  if (o.verbose) yield* err(`     0K                                                       100% ${speed.replace(/ .*$/, '')}=${took.toFixed(took < 1 ? 3 : 1)}s\n\n${at} (${speed}) - ${file === '-' ? 'written to stdout' : `‘${file}’ saved`} [${bytes}/${bytes}]\n\n`);
  else yield* err(`${at} URL:${url} [${bytes}/${bytes}] -> "${file}" [1]\n`);
  return 0;
}

export const wget = { name: 'wget', main };
