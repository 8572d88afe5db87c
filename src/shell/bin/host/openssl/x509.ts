/**
 * Certificates as `openssl x509` prints them. The simulated ones know whom they name, who signed and until when;
 * serial number, key and signature are drawn from exactly that, so that equal certificates print equally.
 */
import { hash32 } from '../../../../sim/engine/rng.ts';
import { err, out, readAll, strerror } from '../../../../sim/proc/libc.ts';
import { parsePem, pem } from '../../../../sim/proc/certificate.ts';
import type { Certificate } from '../../../../sim/proc/http.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { toBytes } from '../../../../sim/proc/text.ts';
import { civil } from '../../../../sim/services/systemd/words.ts';
import { md5, sha1, sha256 } from '../../coreutils/hashes.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');
/** `Apr 29 18:30:00 2019 GMT`. */
export function asn1Time(us: number): string {
  const c = civil(us);
  return `${MONTHS[c.month - 1]} ${String(c.day).padStart(2)} ${two(c.hour)}:${two(c.minute)}:${two(c.second)} ${c.year} GMT`;
}

/** The authorities here sign for ten years. */
const LIFETIME_US = 10 * 365 * 86_400 * 1_000_000;
export const notAfter = (cert: Certificate): number => cert.notAfter ?? LIFETIME_US * 7;
const notBefore = (cert: Certificate): number => notAfter(cert) - LIFETIME_US;

/** Bytes that look like chance and depend on the certificate alone. */
function bytesOf(cert: Certificate, what: string, count: number): string[] {
  const seed = `${what}/${JSON.stringify(cert)}`;
  let hex = '';
  for (let i = 0; hex.length < count * 2; i++) hex += hash32(`${seed}/${i}`).toString(16).padStart(8, '0');
  return hex.slice(0, count * 2).match(/../g)!;
}

/** A distinguished name: 1.0 joins with `, ` and `=`, 1.1 puts blanks around. */
type Style = 'old' | 'new';
const nameOf = (cert: Certificate): [string, string][] => [...(cert.organizations ?? []).map((o): [string, string] => ['O', o]), ['CN', cert.subject]];
const issuerOf = (cert: Certificate): [string, string][] => [['CN', cert.ca]];
const inline = (name: readonly [string, string][], style: Style): string => name.map(([k, v]) => (style === 'old' ? `${k}=${v}` : `${k} = ${v}`)).join(', ');
export const oneLine = (name: readonly [string, string][], style: Style): string => (style === 'old' ? ` ${name.map(([k, v]) => `/${k}=${v}`).join('')}` : inline(name, style));
export const subjectLine = (cert: Certificate, style: Style): string => oneLine(nameOf(cert), style);
export const issuerLine = (cert: Certificate, style: Style): string => oneLine(issuerOf(cert), style);

const wrap = (bytes: readonly string[], width: number, indent: string): string => {
  const rows: string[] = [];
  for (let i = 0; i < bytes.length; i += width) rows.push(`${indent}${bytes.slice(i, i + width).join(':')}${i + width < bytes.length ? ':' : ''}`);
  return `${rows.join('\n')}\n`;
};

function alternatives(cert: Certificate): string {
  return [...new Set(cert.names)].map((name) => (/^[\d.]+$/.test(name) ? `IP Address:${name}` : `DNS:${name}`)).sort((a, b) => Number(a.startsWith('IP')) - Number(b.startsWith('IP'))).join(', ');
}

function textOf(cert: Certificate, style: Style): string {
  const authority = cert.subject === cert.ca;
  const usage = authority ? 'Certificate Sign, CRL Sign' : 'Digital Signature, Key Encipherment';
  const extended = authority ? '' : '            X509v3 Extended Key Usage: \n                TLS Web Server Authentication, TLS Web Client Authentication\n';
  const names = authority ? '' : `            X509v3 Subject Alternative Name: \n                ${alternatives(cert)}\n`;
  return `Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number:\n${wrap(bytesOf(cert, 'serial', 20), 20, '            ')}    Signature Algorithm: sha256WithRSAEncryption\n`
    + `        Issuer: ${inline(issuerOf(cert), style)}\n        Validity\n            Not Before: ${asn1Time(notBefore(cert))}\n            Not After : ${asn1Time(notAfter(cert))}\n`
    + `        Subject: ${inline(nameOf(cert), style)}\n        Subject Public Key Info:\n            Public Key Algorithm: rsaEncryption\n                Public-Key: (2048 bit)\n                Modulus:\n`
    + `${wrap(['00', ...bytesOf(cert, 'key', 256)], 15, '                    ')}                Exponent: 65537 (0x10001)\n        X509v3 extensions:\n            X509v3 Key Usage: critical\n                ${usage}\n`
    + `${extended}            X509v3 Basic Constraints: critical\n                CA:${authority ? 'TRUE' : 'FALSE'}\n${names}    Signature Algorithm: sha256WithRSAEncryption\n${wrap(bytesOf(cert, 'signature', 256), 18, '         ')}`;
}

const colons = (hex: string): string => hex.toUpperCase().match(/../g)!.join(':');
export const modulus = (cert: Certificate): string => bytesOf(cert, 'key', 256).join('').toUpperCase();

// ---- the command

interface Wish { in: string | null; out: string | null; text: boolean; noout: boolean; checkend: number | null; digest: 'SHA1' | 'SHA256' | 'MD5'; shown: string[] }

const SHOWN = /^-(subject|issuer|dates|startdate|enddate|serial|fingerprint|modulus|email|ocsp_uri|purpose|alias|hash|subject_hash|issuer_hash|pubkey)$/;
const VALUES = /^-(inform|outform|nameopt|certopt|passin|days|CA|CAkey|extfile)$/;

function parse(args: readonly string[]): Wish | string {
  const w: Wish = { in: null, out: null, text: false, noout: false, checkend: null, digest: 'SHA1', shown: [] };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!.replace(/^--/, '-');
    if (arg === '-in') w.in = args[++i] ?? ''; else if (arg === '-out') w.out = args[++i] ?? '';
    else if (arg === '-text') w.text = true; else if (arg === '-noout') w.noout = true;
    else if (arg === '-checkend') w.checkend = Number(args[++i] ?? 0);
    else if (arg === '-sha256') w.digest = 'SHA256'; else if (arg === '-sha1') w.digest = 'SHA1'; else if (arg === '-md5') w.digest = 'MD5';
    else if (/^-(subject|issuer|dates|startdate|enddate|serial|fingerprint|modulus)$/.test(arg)) w.shown.push(arg.slice(1));
    else if (VALUES.test(arg) && /^-(inform|outform)$/.test(arg) && /^pem$/i.test(args[i + 1] ?? '')) i++;
    else return SHOWN.test(arg) || VALUES.test(arg) ? `unsupported option ${arg}\n` : `unknown option ${arg}\n`;
  }
  return w;
}

/** What OpenSSL's stack of errors says of a file that holds no certificate. */
const NO_START = '140291893180304:error:0906D06C:PEM routines:PEM_read_bio:no start line:pem_lib.c:707:Expecting: TRUSTED CERTIFICATE\n';

/** The certificate in a file ('' or '-' is stdin); complains as openssl does. */
export function* readCertificate(path: string | null): Sys<Certificate | null> {
  const text = path === null || path === '-' ? yield* readAll(0) : yield* call('readFile', { path });
  if (!text.ok) {
    const code = text.errno === 'EACCES' ? '0200100D' : text.errno === 'EISDIR' ? '02001015' : '02001002';
    yield* err(`Error opening Certificate ${path}\n140291893180304:error:${code}:system library:fopen:${strerror(text.errno)}:bss_file.c:402:fopen('${path}','r')\n140291893180304:error:20074002:BIO routines:FILE_CTRL:system lib:bss_file.c:404:\nunable to load certificate\n`);
    return null;
  }
  const cert = parsePem(text.value);
  if (!cert) yield* err(`unable to load certificate\n${NO_START}`);
  return cert;
}

export function* x509(args: readonly string[], style: Style): Sys<number> {
  const w = parse(args);
  if (typeof w === 'string') { yield* err(style === 'old' ? `${w}usage: x509 args\n` : `x509: ${w}x509: Use -help for summary.\n`); return 1; }
  const cert = yield* readCertificate(w.in);
  if (!cert) return 1;
  let text = '';
  for (const what of w.shown) {
    if (what === 'subject') text += `subject=${subjectLine(cert, style)}\n`;
    if (what === 'issuer') text += `issuer=${issuerLine(cert, style)}\n`;
    if (what === 'dates' || what === 'startdate') text += `notBefore=${asn1Time(notBefore(cert))}\n`;
    if (what === 'dates' || what === 'enddate') text += `notAfter=${asn1Time(notAfter(cert))}\n`;
    if (what === 'serial') text += `serial=${bytesOf(cert, 'serial', 20).join('').toUpperCase()}\n`;
    if (what === 'modulus') text += `Modulus=${modulus(cert)}\n`;
    if (what === 'fingerprint') {
      const bytes = toBytes(JSON.stringify(cert));
      text += `${w.digest} Fingerprint=${colons(w.digest === 'SHA256' ? sha256(bytes) : w.digest === 'MD5' ? md5(bytes) : sha1(bytes))}\n`;
    }
  }
  if (w.text) text += textOf(cert, style);
  let status = 0;
  if (w.checkend !== null) {
    const now = yield* call('now', {});
    const expires = notAfter(cert) < (now.ok ? now.value.real : 0) + w.checkend * 1_000_000;
    text += expires ? 'Certificate will expire\n' : 'Certificate will not expire\n';
    status = expires ? 1 : 0;
  }
  if (!w.noout && w.checkend === null) text += pem(cert);
  if (w.out === null) yield* out(text);
  else { const wrote = yield* call('writeFile', { path: w.out, text }); if (!wrote.ok) { yield* err(`${w.out}: ${strerror(wrote.errno)}\n`); return 1; } }
  return status;
}
