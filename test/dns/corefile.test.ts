/** Corefiles good and bad: what CoreDNS 1.2.6 said of each. */
import { describe, expect, it } from 'vitest';
import { CorefileError } from '../../src/sim/services/coredns/caddyfile.ts';
import { configure } from '../../src/sim/services/coredns/config.ts';
import { md5 } from '../../src/sim/services/coredns/md5.ts';

const FILE = '/etc/coredns/Corefile';
const TEMPLATE = `
.:53 {
  reload
  errors
  health
  prometheus :9153
  cache 30
  loop
  reload
  loadbalance
  hosts { 
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods verified
    fallthrough in-addr.arpa ip6.arpa
  }
  forward . 192.168.121.1 {
    policy sequential
    health_check 0
  }
}
`;
const lines = TEMPLATE.split('\n');
const edit = (change: (l: string[]) => void): string => { const copy = lines.slice(); change(copy); return copy.join('\n'); };
const tryIt = (text: string): string => {
  try {
    configure(FILE, text, '1.2.6', { exists: () => true, resolvConf: () => null, warn: () => undefined });
    return 'ok';
  } catch (error) {
    if (error instanceof CorefileError) return error.message;
    throw error;
  }
};

describe('a Corefile', () => {
  it('is understood', () => {
    const { servers, reload, health } = configure(FILE, TEMPLATE, '1.2.6', { exists: () => true, resolvConf: () => null, warn: () => undefined });
    expect(servers).toHaveLength(1);
    expect(servers[0]).toMatchObject({ zone: '.', port: 53, loop: true, loadbalance: true, kubernetes: { pods: 'verified', primary: 'cluster.local.' }, forward: { policy: 'sequential', to: [{ addr: '192.168.121.1', port: 53 }] } });
    expect(reload).toEqual({ everyUs: 30_000_000, jitterUs: 15_000_000 });
    expect(health).toBe(':8080');
  });

  const CASES: [string, string, string][] = [
    ['a mistyped plugin', edit((l) => { l[3] = '  errorz'; }), `${FILE}:4 - Error during parsing: Unknown directive 'errorz'`],
    ['an extra word line', edit((l) => { l[2] = '  blah\n  reload'; }), `${FILE}:3 - Error during parsing: Unknown directive 'blah'`],
    ['a word above the block', edit((l) => { l[1] = 'word\n.:53 {'; }), `${FILE}:3 - Error during parsing: Unknown directive '.:53'`],
    ['no brace after kubernetes', edit((l) => { l[13] = l[13]!.replace(' {', ''); }), `${FILE}:15 - Error during parsing: Unknown directive 'pods'`],
    ['an extra brace after hosts', edit((l) => { l[12] = '  }\n  }'; }), `${FILE}:16 - Error during parsing: Unknown directive 'pods'`],
    ['a file cut in a block', lines.slice(0, 14).join('\n'), `${FILE}:14 - Error during parsing: Unexpected EOF`],
    ['a last brace spoiled', edit((l) => { l[21] = 'x}'; }), `${FILE}:22 - Error during parsing: Unknown directive 'x}'`],
    ['no end of kubernetes', edit((l) => { l.splice(16, 1); }), `plugin/kubernetes: ${FILE}:17 - Error during parsing: unknown property 'forward'`],
    ['no end of hosts', edit((l) => { l.splice(12, 1); }), `plugin/hosts: ${FILE}:13 - Error during parsing: unknown property 'kubernetes'`],
    ['a brace after cache', edit((l) => { l[6] = '  cache 30 {'; }), `plugin/cache: ${FILE}:8 - Error during parsing: Wrong argument count or unexpected line ending after 'loop'`],
    ['a wrong pods mode', edit((l) => { l[14] = '    pods verifiedx'; }), 'plugin/kubernetes: wrong value for pods: verifiedx,  must be one of: disabled, verified, insecure'],
    ['cache 0', edit((l) => { l[6] = '  cache 0'; }), 'plugin/cache: cache TTL can not be zero or negative: 0'],
    ['an unknown policy', edit((l) => { l[18] = '    policy foo'; }), `plugin/forward: ${FILE}:19 - Error during parsing: unknown policy 'foo'`],
    ['no upstream', edit((l) => { l[17] = '  forward . foo {'; }), 'plugin/forward: not an IP address or file: "foo"'],
    ['the same zone twice', `${TEMPLATE}${TEMPLATE}`, 'cannot serve dns://.:53 - it is already defined'],
    ['no final brace', edit((l) => { l.splice(21, 1); }), 'ok'],
    ['no end of forward', edit((l) => { l.splice(20, 1); }), 'ok'],
    ['a word after the end', `${TEMPLATE}word\n`, 'ok'],
    ['a brace too many', `${TEMPLATE}}\n`, 'ok'],
    ['a second zone', edit((l) => { l[1] = 'example.org .:53 {'; }), 'ok'],
  ];
  for (const [what, text, verdict] of CASES) it(`with ${what}`, () => expect(tryIt(text)).toBe(verdict));

  it('without its first line serves a zone named reload', () => {
    const { servers } = configure(FILE, edit((l) => { l.splice(1, 1); }), '1.2.6', { exists: () => true, resolvConf: () => null, warn: () => undefined });
    expect(servers.map(({ zone }) => zone)).toEqual(['reload.']);
  });

  it('has an MD5', () => expect(md5('The quick brown fox jumps over the lazy dog')).toBe('9e107d9d372bb6826bd81d3542a419d6'));
});
