/**
 * openssl 1.0.2k (CentOS 7) and 1.1.0j (Debian stretch): what operators ask of certificates, and sums. Its other commands are refused
 * as invalid.
 */
import { err, out, readAll, strerror } from '../../../../sim/proc/libc.ts';
import { base64, unbase64 } from '../../../../sim/proc/certificate.ts';
import type { Sys } from '../../../../sim/proc/program.ts';
import { call } from '../../../../sim/proc/syscalls.ts';
import { toBytes } from '../../../../sim/proc/text.ts';
import type { Command } from '../../../command.ts';
import { md5, sha1, sha256, sha512 } from '../../coreutils/hashes.ts';
import { onDebian } from '../../coreutils/tool.ts';
import { client, verify } from './client.ts';
import { x509 } from './x509.ts';

const SUMS: Readonly<Record<string, (bytes: readonly number[]) => string>> = { md5, sha1, sha256, sha512 };

/** `openssl dgst -sha256 FILE`, `openssl sha256 FILE`. */
function* digest(args: readonly string[]): Sys<number> {
  const name = args.map((a) => a.replace(/^-/, '')).find((a) => a in SUMS) ?? 'sha256';
  const files = args.filter((a) => !a.startsWith('-') && !(a in SUMS));
  const bare = args.includes('-r');
  let status = 0;
  for (const file of files.length ? files : [null]) {
    const text = file === null ? yield* readAll(0) : yield* call('readFile', { path: file });
    if (!text.ok) { yield* err(`${file}: ${strerror(text.errno)}\n`); status = 1; continue; }
    const sum = SUMS[name]!(toBytes(text.value));
    yield* out(bare ? `${sum} *${file ?? 'stdin'}\n` : `${file === null ? '(stdin)' : `${name.toUpperCase()}(${file})`}= ${sum}\n`);
  }
  return status;
}

function* random(args: readonly string[]): Sys<number> {
  const count = Number(args.find((a) => /^\d+$/.test(a)));
  if (!Number.isFinite(count)) { yield* err('Usage: rand [options] num\nwhere options are\n-out file             - write to file\n-base64               - base64 encode output\n-hex                  - hex encode output\n'); return 1; }
  const bytes: number[] = [];
  for (let i = 0; i < count; i++) { const r = yield* call('random', { below: 256 }); bytes.push(r.ok ? r.value : 0); }
  const text = bytes.map((b) => String.fromCharCode(b < 128 ? b : 0xdc00 + b)).join('');
  if (args.includes('-hex')) yield* out(`${bytes.map((b) => b.toString(16).padStart(2, '0')).join('')}\n`);
  else yield* out(args.includes('-base64') ? `${base64(text).replace(/.{64}(?=.)/g, '$&\n')}\n` : text);
  return 0;
}

function* base64Command(args: readonly string[]): Sys<number> {
  const at = args.indexOf('-in');
  const text = at >= 0 ? yield* call('readFile', { path: args[at + 1] ?? '' }) : yield* readAll(0);
  if (!text.ok) { yield* err(`${args[at + 1]}: ${strerror(text.errno)}\n`); return 1; }
  if (args.includes('-d')) yield* out(unbase64(text.value) ?? '');
  else yield* out(args.includes('-A') ? base64(text.value) : `${base64(text.value).replace(/.{64}(?=.)/g, '$&\n')}\n`);
  return 0;
}

export const openssl: Command = {
  name: 'openssl',
  *main({ argv }) {
    const style = (yield* onDebian()) ? 'new' : 'old';
    const [verb, ...args] = argv.slice(1);
    switch (verb) {
      case 'x509': return yield* x509(args, style);
      case 's_client': return yield* client(args, style);
      case 'verify': return yield* verify(args);
      case 'rand': return yield* random(args);
      case 'dgst': return yield* digest(args);
      case 'md5': case 'sha1': case 'sha256': case 'sha512': return yield* digest([verb, ...args]);
      case 'base64': return yield* base64Command(args);
      case 'version': yield* out(style === 'old' ? 'OpenSSL 1.0.2k-fips  26 Jan 2017\n' : 'OpenSSL 1.1.0j  20 Nov 2018\n'); return 0;
      case undefined: yield* err('openssl: no command given\n'); return 1;
      default:
        yield* err(`openssl:Error: '${verb}' is an invalid command.\n\nStandard commands\nbase64            dgst              rand              s_client          \nverify            version           x509              \n\nMessage Digest commands (see the \`dgst' command for more details)\nmd5               sha1              sha256            sha512            \n\n`);
        return 1;
    }
  },
};
