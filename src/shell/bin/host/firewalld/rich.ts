/**
 * Rich rules (firewalld.richlanguage(5)): read, checked, printed in canonical form. Pure.
 */
export interface Rich {
  family: 'ipv4' | 'ipv6' | null;
  source: { address: string; not: boolean } | null; destination: { address: string; not: boolean } | null;
  element: { kind: 'service' | 'port' | 'protocol' | 'icmp-block' | 'icmp-type' | 'masquerade' | 'forward-port' | 'source-port'; attrs: Readonly<Record<string, string>> } | null;
  log: Readonly<Record<string, string>> | null; audit: boolean;
  action: { kind: 'accept' | 'reject' | 'drop' | 'mark'; type: string | null; limit: string | null } | null;
}

const ELEMENTS: readonly string[] = ['service', 'port', 'protocol', 'icmp-block', 'icmp-type', 'masquerade', 'forward-port', 'source-port'];
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  service: ['name'], port: ['port', 'protocol'], protocol: ['value'], 'icmp-block': ['name'], 'icmp-type': ['name'], masquerade: [], 'forward-port': ['port', 'protocol', 'to-port', 'to-addr'], 'source-port': ['port', 'protocol'],
};

function words(text: string): string[] {
  return [...text.matchAll(/[^\s="]+="[^"]*"|[^\s="]+='[^']*'|[^\s]+/g)].map((m) => m[0].replace(/="(.*)"$/, '=$1').replace(/='(.*)'$/, '=$1'));
}

/** The rule, or what is wrong with it. */
export function parseRich(text: string): Rich | string {
  const list = words(text.trim());
  if (list.shift() !== 'rule') return 'no rule';
  const rule: Rich = { family: null, source: null, destination: null, element: null, log: null, audit: false, action: null };
  for (let i = 0; i < list.length;) {
    const word = list[i++]!;
    const attrs: Record<string, string> = {};
    let not = false;
    const flat = /^(family|priority)=(.*)$/.exec(word);
    if (flat) {
      if (flat[1] === 'family') {
        if (flat[2] !== 'ipv4' && flat[2] !== 'ipv6') return `${flat[2]}`;
        rule.family = flat[2];
      }
      continue;
    }
    while (i < list.length && (list[i]!.includes('=') || /^(not|NOT)$/.test(list[i]!))) {
      const part = list[i++]!;
      if (/^not$/i.test(part)) { not = true; continue; }
      attrs[part.slice(0, part.indexOf('='))] = part.slice(part.indexOf('=') + 1);
    }
    if (attrs['invert'] === 'True' || attrs['invert'] === 'yes') not = true;
    switch (word) {
      case 'source': case 'destination': {
        const address = attrs['address'];
        if (!address) return `invalid ${word}`;
        if (word === 'source') rule.source = { address, not }; else rule.destination = { address, not };
        break;
      }
      case 'log': rule.log = attrs; break;
      case 'audit': rule.audit = true; break;
      case 'limit': if (rule.action) rule.action.limit = attrs['value'] ?? null; break;
      case 'accept': case 'reject': case 'drop': case 'mark': rule.action = { kind: word, type: attrs['type'] ?? null, limit: null }; break;
      default: {
        if (!ELEMENTS.includes(word)) return `unknown element ${word}`;
        if (rule.element) return `more than one element, there cannot be '${rule.element.kind}' and '${word}' in one rule`;
        const bad = Object.keys(attrs).find((key) => !ATTRIBUTES[word]!.includes(key));
        if (bad) return `bad attribute '${bad}'`;
        rule.element = { kind: word as NonNullable<Rich['element']>['kind'], attrs };
      }
    }
  }
  if (!rule.element && !rule.source && !rule.destination) return 'no element, no source, no destination';
  if (!rule.element && !rule.action && !rule.log && !rule.audit) return 'no action, no log, no audit';
  if (rule.element && !rule.action && ['service', 'port', 'protocol', 'source-port', 'icmp-type'].includes(rule.element.kind) && !rule.log && !rule.audit) return 'no action, no log, no audit';
  return rule;
}

export function printRich(r: Rich): string {
  const attrs = (a: Readonly<Record<string, string>>, order: readonly string[]): string => order.filter((key) => a[key] !== undefined).map((key) => ` ${key}="${a[key]}"`).join('');
  const place = (name: string, p: Rich['source']): string => (p ? ` ${name}${p.not ? ' NOT' : ''} address="${p.address}"` : '');
  let text = `rule${r.family ? ` family="${r.family}"` : ''}${place('source', r.source)}${place('destination', r.destination)}`;
  if (r.element) text += ` ${r.element.kind}${attrs(r.element.attrs, ATTRIBUTES[r.element.kind]!)}`;
  if (r.log) text += ` log${attrs(r.log, ['prefix', 'level'])}`;
  if (r.audit) text += ' audit';
  if (r.action) text += ` ${r.action.kind}${r.action.type ? ` type="${r.action.type}"` : ''}${r.action.limit ? ` limit value="${r.action.limit}"` : ''}`;
  return text;
}
