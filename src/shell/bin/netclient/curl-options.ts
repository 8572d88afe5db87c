/** curl's command line: its options with their values, as 7.52.1 reads them. */

export interface CurlOptions {
  urls: string[]; method: string | null; headers: string[]; data: string[]; encode: string[]; asGet: boolean; upload: string | null;
  insecure: boolean; silent: boolean; showErrors: boolean; verbose: boolean; include: boolean; head: boolean; fail: boolean; follow: boolean; maxRedirects: number;
  outputs: string[]; remoteName: boolean; createDirs: boolean; dumpHeader: string | null; maxTime: number | null; connectTimeout: number | null; writeOut: string | null;
  user: string | null; agent: string; resolve: string[]; connectTo: string[]; cacert: string | null; cert: string | null; key: string | null; unix: string | null; proxy: string | null; source: string | null;
  retry: number; retryDelay: number | null; retryRefused: boolean; six: boolean; failEarly: boolean;
}

type Setter = (o: CurlOptions, value: string) => string | void;
type Key<T> = { [K in keyof CurlOptions]: T extends CurlOptions[K] ? K : never }[keyof CurlOptions];
const seconds = (name: 'maxTime' | 'connectTimeout' | 'retryDelay'): Setter => (o, value) => {
  if (!/^\d+(\.\d+)?$/.test(value)) return 'expected a proper numerical parameter';
  o[name] = Number(value);
};
const count = (name: 'retry' | 'maxRedirects'): Setter => (o, value) => {
  if (!/^\d+$/.test(value)) return 'expected a proper numerical parameter';
  o[name] = Number(value);
};
const text = (name: Extract<Key<null>, 'method' | 'writeOut' | 'user' | 'cacert' | 'cert' | 'key' | 'unix' | 'proxy' | 'source' | 'dumpHeader' | 'upload'> | 'agent'): Setter => (o, value) => { o[name] = value; };
const yes = (name: 'insecure' | 'silent' | 'showErrors' | 'verbose' | 'include' | 'head' | 'fail' | 'follow' | 'remoteName' | 'asGet' | 'createDirs' | 'retryRefused' | 'six' | 'failEarly'): Setter => (o) => { o[name] = true; };
const header = (name: string, make = (value: string) => value): Setter => (o, value) => { o.headers.push(`${name}: ${make(value)}`); };
const list = (name: 'headers' | 'data' | 'encode' | 'urls' | 'outputs' | 'connectTo'): Setter => (o, value) => { o[name].push(value); };
const nothing: Setter = () => undefined;

/** Long name → what it does, and whether it takes a value. */
const LONG: Readonly<Record<string, readonly [Setter, boolean]>> = {
  insecure: [yes('insecure'), false], silent: [yes('silent'), false], 'show-error': [yes('showErrors'), false], verbose: [yes('verbose'), false], include: [yes('include'), false],
  head: [yes('head'), false], fail: [yes('fail'), false], location: [yes('follow'), false], 'location-trusted': [yes('follow'), false], 'max-redirs': [count('maxRedirects'), true],
  'remote-name': [yes('remoteName'), false], 'create-dirs': [yes('createDirs'), false], get: [yes('asGet'), false], request: [text('method'), true], header: [list('headers'), true],
  data: [list('data'), true], 'data-raw': [(o, v) => { o.data.push(v.startsWith('@') ? `\\${v}` : v); }, true], 'data-binary': [list('data'), true], 'data-ascii': [list('data'), true], 'data-urlencode': [list('encode'), true],
  'upload-file': [text('upload'), true], output: [list('outputs'), true], 'write-out': [text('writeOut'), true], 'dump-header': [text('dumpHeader'), true], user: [text('user'), true],
  cacert: [text('cacert'), true], cert: [text('cert'), true], key: [text('key'), true], 'user-agent': [text('agent'), true], referer: [header('Referer'), true], cookie: [header('Cookie'), true],
  'oauth2-bearer': [header('Authorization', (v) => `Bearer ${v}`), true], range: [header('Range', (v) => `bytes=${v}`), true],
  'max-time': [seconds('maxTime'), true], 'connect-timeout': [seconds('connectTimeout'), true], retry: [count('retry'), true], 'retry-delay': [seconds('retryDelay'), true], 'retry-max-time': [nothing, true], 'retry-connrefused': [yes('retryRefused'), false],
  resolve: [(o, v) => (/^[-+]?[^:]+:\d+:[\d.,]+$/.test(v) ? void o.resolve.push(v.replace(/^\+/, '')) : `Couldn't parse CURLOPT_RESOLVE entry '${v}'!`), true], 'connect-to': [list('connectTo'), true],
  url: [list('urls'), true], 'unix-socket': [text('unix'), true], proxy: [text('proxy'), true], noproxy: [(o, v) => { if (v === '*') o.proxy = null; }, true], interface: [text('source'), true], ipv6: [yes('six'), false], 'fail-early': [yes('failEarly'), false],
  ...Object.fromEntries(['ipv4', 'no-keepalive', 'no-buffer', 'http1.0', 'http1.1', 'http2', 'compressed', 'progress-bar', 'tlsv1', 'tlsv1.0', 'tlsv1.1', 'tlsv1.2', 'globoff', 'disable', 'path-as-is', 'no-alpn', 'no-sessionid', 'junk-session-cookies', 'basic', 'anyauth', 'post301', 'post302', 'ssl-reqd', 'raw', 'tcp-nodelay', 'no-npn'].map((name) => [name, [nothing, false] as const])),
  ...Object.fromEntries(['ciphers', 'cert-type', 'key-type', 'pass', 'capath', 'limit-rate', 'keepalive-time', 'speed-limit', 'speed-time', 'expect100-timeout'].map((name) => [name, [nothing, true] as const])),
};
const SHORT: Readonly<Record<string, string>> = {
  k: 'insecure', s: 'silent', S: 'show-error', v: 'verbose', i: 'include', I: 'head', f: 'fail', L: 'location', O: 'remote-name', G: 'get', X: 'request', H: 'header', d: 'data', o: 'output', T: 'upload-file', D: 'dump-header',
  w: 'write-out', u: 'user', A: 'user-agent', e: 'referer', b: 'cookie', r: 'range', m: 'max-time', E: 'cert', x: 'proxy', 4: 'ipv4', 6: 'ipv6', N: 'no-buffer', '#': 'progress-bar', 1: 'tlsv1', 0: 'http1.0', g: 'globoff', q: 'disable', j: 'junk-session-cookies',
};

const TRY = 'curl: try \'curl --help\' or \'curl --manual\' for more information\n';

export function parseCurl(argv: readonly string[]): { options: CurlOptions } | { error: string; status: number } {
  const o: CurlOptions = {
    urls: [], method: null, headers: [], data: [], encode: [], asGet: false, upload: null, insecure: false, silent: false, showErrors: false, verbose: false, include: false, head: false, fail: false, follow: false, maxRedirects: 50,
    outputs: [], remoteName: false, createDirs: false, dumpHeader: null, maxTime: null, connectTimeout: null, writeOut: null, user: null, agent: 'curl/7.52.1', resolve: [], connectTo: [], cacert: null, cert: null, key: null, unix: null,
    proxy: null, source: null, retry: 0, retryDelay: null, retryRefused: false, six: false, failEarly: false,
  };
  const wrong = (message: string): { error: string; status: number } => ({ error: `curl: ${message}\n${TRY}`, status: 2 });
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word.startsWith('--') && word !== '--') {
      const name = longName(word.slice(2));
      if (name === 'ambiguous') return wrong(`option ${word}: is ambiguous`);
      const spec = name === null ? undefined : LONG[name];
      if (!spec) return wrong(`option ${word}: is unknown`);
      const value = spec[1] ? argv[++i] : '';
      if (value === undefined) return wrong(`option ${word}: requires parameter`);
      const problem = spec[0](o, value);
      if (problem) return wrong(`option ${word}: ${problem}`);
    } else if (word.startsWith('-') && word.length > 1) {
      for (let k = 1; k < word.length; k++) {
        const name = SHORT[word[k]!];
        const spec = name === undefined ? undefined : LONG[name];
        if (!spec) return wrong(`option -${word.slice(k)}: is unknown`);
        const value = spec[1] ? word.slice(k + 1) || argv[++i] : '';
        if (value === undefined) return wrong(`option -${word[k]}: requires parameter`);
        const problem = spec[0](o, value);
        if (problem) return wrong(`option -${word[k]}: ${problem}`);
        if (spec[1]) break;
      }
    } else o.urls.push(word);
  }
  return { options: o };
}

/** A long option may be cut short while it stays unique; --no-x takes back what x says. */
function longName(word: string): string | 'ambiguous' | null {
  if (LONG[word]) return word;
  const found = Object.keys(LONG).filter((name) => name.startsWith(word));
  return found.length === 1 ? found[0]! : found.length > 1 ? 'ambiguous' : null;
}
