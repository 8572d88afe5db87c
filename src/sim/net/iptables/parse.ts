/**
 * iptables' command line: getopt_long with options that matches and targets add as they are named
 * (iptables 1.6.0, iptables.c). The result is what was asked; command.ts does it.
 */
import { protocolNumber } from '../protocols.ts';
import type { Extension, NameMatch, NetMatch, Rule } from '../state.ts';
import { MATCHES, type Context, type Definition, type Opts } from './matches.ts';
import { TARGETS } from './targets.ts';
import { addressMask, Problem } from './values.ts';

export type CommandLetter = 'A' | 'C' | 'D' | 'I' | 'R' | 'L' | 'S' | 'F' | 'Z' | 'N' | 'X' | 'E' | 'P';

export interface Parsed {
  command: CommandLetter | null; chain: string | null; newName: string | null; policy: string | null;
  /** -D CHAIN number, -I CHAIN number, -R, -L CHAIN number, -Z CHAIN number. 0 = not given. */
  number: number;
  /** Also -Z beside -L. */
  zero: boolean;
  table: string;
  rules: Rule[];
  numeric: boolean; verbose: boolean; exact: boolean; lineNumbers: boolean;
  counters: readonly [number, number] | null;
  special: 'version' | 'help' | null;
  /** Warnings on stderr that do not stop it. */
  warnings: string;
}

/** Short options: ':' wants an argument, '?' takes one that follows (not beginning with - or !). */
const SHORT: Readonly<Record<string, '' | ':' | '?'>> = {
  A: ':', C: ':', D: ':', R: ':', I: ':', L: '?', S: '?', M: ':', F: '?', Z: '?', N: ':', X: '?', E: ':', P: ':', V: '', h: '?', o: ':', p: ':', s: ':', d: ':',
  j: ':', i: ':', f: '', b: '', v: '', w: '?', W: ':', n: '', t: ':', m: ':', x: '', c: ':', g: ':', 4: '', 6: '',
};
const LONG: Readonly<Record<string, string>> = {
  append: 'A', delete: 'D', check: 'C', insert: 'I', replace: 'R', list: 'L', 'list-rules': 'S', flush: 'F', zero: 'Z', 'new-chain': 'N', 'delete-chain': 'X',
  'rename-chain': 'E', policy: 'P', source: 's', destination: 'd', src: 's', dst: 'd', protocol: 'p', 'in-interface': 'i', jump: 'j', table: 't', match: 'm',
  numeric: 'n', 'out-interface': 'o', verbose: 'v', wait: 'w', 'wait-interval': 'W', exact: 'x', fragments: 'f', version: 'V', help: 'h', 'line-numbers': '0',
  modprobe: 'M', 'set-counters': 'c', goto: 'g', ipv4: '4', ipv6: '6',
};
const COMMANDS = 'ACDRILSFZNXEP';

/** Which options a command takes: of n s d p j v x i o 0 c f; 'x' = may not. */
const FLAGS = 'nsdpjvxio0cf';
const ALLOWED: Readonly<Record<string, string>> = {
  I: 'x     x  x  ', D: 'x     x  xx ', DN: 'xxxxx xxxxxx', R: 'x     x  x  ', A: 'x     x  x  ', L: ' xxxx  xx xx', F: 'xxxxx xxxxxx', Z: 'xxxxx xxxxxx',
  N: 'xxxxx xxxxxx', X: 'xxxxx xxxxxx', P: 'xxxxx xxxx x', E: 'xxxxx xxxxxx', S: 'xxxxx xxxxxx', C: 'x     x  xx ',
};

interface State {
  p: Parsed; words: readonly string[]; at: number; not: boolean;
  src: string | null; dst: string | null; srcNot: boolean; dstNot: boolean;
  in: NameMatch | null; out: NameMatch | null; proto: { number: number; not: boolean } | null; protoName: string; fragment: Rule['fragment'];
  given: string; goto: boolean;
  matches: { name: string; opts: Opts; loaded: Definition }[];
  target: { name: string; opts: Opts } | null;
  nextId: () => number;
}

/** What `nextId` gives names the memory of stateful matches. */
export function parse(words: readonly string[], nextId: () => number): Parsed {
  const p: Parsed = { command: null, chain: null, newName: null, policy: null, number: 0, zero: false, table: 'filter', rules: [], numeric: false, verbose: false, exact: false, lineNumbers: false, counters: null, special: null, warnings: '' };
  const s: State = { p, words, at: 0, not: false, src: null, dst: null, srcNot: false, dstNot: false, in: null, out: null, proto: null, protoName: '', fragment: null, given: '', goto: false, matches: [], target: null, nextId };
  while (s.at < words.length && !p.special) next(s);
  if (p.special) return p;
  finish(s);
  return p;
}

function next(s: State): void {
  const word = s.words[s.at++]!;
  if (word === '!') {
    if (s.not) throw new Problem('multiple consecutive ! not allowed');
    s.not = true;
    return;
  }
  if (word === '--') return;
  if (word.startsWith('--')) { long(s, word); return; }
  if (!word.startsWith('-') || word === '-') throw new Problem(`Bad argument \`${word}'`, 2, true);
  for (let i = 1; i < word.length; i++) {
    const letter = word[i]!;
    const kind = SHORT[letter];
    if (kind === undefined) throw new Problem(`unknown option "${word.length === 2 ? word : `-${letter}`}"`);
    if (kind === '') { option(s, letter, null); continue; }
    const rest = word.slice(i + 1);
    if (rest) option(s, letter, rest);
    else if (kind === ':') {
      if (s.at >= s.words.length) throw new Problem(`option "${word}" requires an argument`);
      option(s, letter, s.words[s.at++]!);
    } else option(s, letter, null);
    return;
  }
}

function long(s: State, word: string): void {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const value = equals < 0 ? null : word.slice(equals + 1);
  const known = findLong(s, name);
  if (known === null) {
    // The match of the protocol is loaded when an option of it comes up.
    if (loadProtocol(s)) { const again = findLong(s, name); if (again) { take(s, again, word, value); return; } }
    throw new Problem(`unknown option "${word}"`);
  }
  take(s, known, word, value);
}

type Known = { letter: string } | { opts: Opts; owner: string; name: string; definition: Definition };

/** An exact name, or a prefix that only one has; later extensions first. */
function findLong(s: State, name: string): Known | null {
  const names: [string, Known][] = Object.entries(LONG).map(([each, letter]) => [each, { letter }]);
  for (const m of s.matches) for (const each of Object.keys(m.loaded.options)) names.push([each, { opts: m.opts, owner: m.name, name: each, definition: m.loaded }]);
  const target = s.target && TARGETS[s.target.name];
  if (target) for (const each of Object.keys(target.options)) names.push([each, { opts: s.target!.opts, owner: s.target!.name, name: each, definition: target }]);
  const exact = names.findLast(([each]) => each === name);
  if (exact) return exact[1];
  const found = names.filter(([each]) => each.startsWith(name));
  if (!found.length) return null;
  const same = new Set(found.map(([, k]) => ('letter' in k ? k.letter : k.name.replace('source-port', 'sport').replace('destination-port', 'dport'))));
  return same.size === 1 ? found[0]![1] : null;
}

function loadProtocol(s: State): boolean {
  if (!s.protoName || s.proto?.not || !MATCHES[s.protoName]?.protos || s.matches.some((m) => m.name === s.protoName)) return false;
  addMatch(s, s.protoName);
  return true;
}

function take(s: State, known: Known, word: string, value: string | null): void {
  if ('letter' in known) {
    const kind = known.letter === '0' ? '' : SHORT[known.letter]!;
    if (kind === '' && value !== null) throw new Problem(`unknown option "${word}"`);
    if (kind === ':' && value === null) {
      if (s.at >= s.words.length) throw new Problem(`option "${word}" requires an argument`);
      option(s, known.letter, s.words[s.at++]!);
    } else option(s, known.letter, value);
    return;
  }
  const o = known.definition.options[known.name]!;
  let text = value ?? '';
  if (o.arg && value === null) {
    if (s.at >= s.words.length) throw new Problem(`option "${word}" requires an argument`);
    text = s.words[s.at++]!;
  }
  if (known.name === 'tcp-flags') {
    const second = s.words[s.at];
    if (second === undefined || second.startsWith('-')) throw new Problem('--tcp-flags requires two args.');
    s.at++;
    text = `${text}\n${second}`;
  }
  if (s.not && !o.not) throw new Problem(`${known.owner}: option "--${known.name}" cannot be inverted.`);
  const c: Context = { proto: s.protoName, protoNumber: s.proto?.not ? 0 : s.proto?.number ?? 0, table: s.p.table };
  o.set(text, s.not, known.opts, c);
  s.not = false;
}

/** A following word as an optional argument. */
function optional(s: State): string | null {
  const word = s.words[s.at];
  if (word === undefined || word.startsWith('-') || word.startsWith('!')) return null;
  s.at++;
  return word;
}

function setOnce(s: State, letter: string, invertible: boolean): void {
  if (s.given.includes(letter)) throw new Problem(`multiple -${letter} flags not allowed`);
  s.given += letter;
  if (s.not && !invertible) throw new Problem(`cannot have ! before -${letter}`);
}

function name(text: string, not: boolean): NameMatch {
  if (text.length + 1 > 16) throw new Problem(`interface name \`${text}' must be shorter than IFNAMSIZ (15)`);
  if (text === '') throw new Problem('Empty interface is likely to be undesired');
  return { name: text, not };
}

function option(s: State, letter: string, value: string | null): void {
  const { p, not } = s;
  if (COMMANDS.includes(letter)) { command(s, letter as CommandLetter, value); return; }
  switch (letter) {
    case 'p': {
      setOnce(s, 'p', true);
      const lower = value!.toLowerCase();
      const n = protocolNumber(lower);
      if (n === null) throw new Problem(`unknown protocol "${lower}" specified`);
      if (n === 0 && not) throw new Problem('rule would never match protocol');
      s.proto = { number: n, not };
      s.protoName = { 6: 'tcp', 17: 'udp', 1: 'icmp', 132: 'sctp' }[n] ?? lower;
      break;
    }
    case 's': setOnce(s, 's', true); s.src = value; s.srcNot = not; break;
    case 'd': setOnce(s, 'd', true); s.dst = value; s.dstNot = not; break;
    case 'i': setOnce(s, 'i', true); s.in = name(value!, not); break;
    case 'o': setOnce(s, 'o', true); s.out = name(value!, not); break;
    case 'f': setOnce(s, 'f', true); s.fragment = not ? '!f' : 'f'; break;
    case 'j': case 'g': setOnce(s, 'j', false); s.goto = letter === 'g'; target(s, value!); break;
    case 'm':
      if (not) throw new Problem('unexpected ! flag before --match');
      addMatch(s, value!);
      break;
    case 't':
      if (not) throw new Problem('unexpected ! flag before --table');
      p.table = value!;
      break;
    case 'n': setOnce(s, 'n', false); p.numeric = true; break;
    case 'v': if (!p.verbose) setOnce(s, 'v', false); p.verbose = true; break;
    case 'x': setOnce(s, 'x', false); p.exact = true; break;
    case '0': setOnce(s, '0', false); p.lineNumbers = true; break;
    case 'c': counters(s, value!); break;
    case 'w': optionalNumber(s, value); break;
    case 'V': p.special = 'version'; break;
    case 'h': p.special = 'help'; break;
    case '6': throw new Problem('This is the IPv4 version of iptables.', 2, true);
    case '4': case 'M': case 'W': case 'b': break;
  }
  s.not = false;
}

function optionalNumber(s: State, value: string | null): void {
  const seconds = value ?? optional(s);
  if (seconds !== null && !/^\d+$/.test(seconds)) throw new Problem('wait seconds not numeric');
}

function counters(s: State, value: string): void {
  setOnce(s, 'c', false);
  const comma = value.indexOf(',');
  const packets = comma < 0 ? value : value.slice(0, comma);
  const bytes = comma < 0 ? optional(s) : value.slice(comma + 1);
  if (bytes === null) throw new Problem('-c requires packet and byte counter');
  if (!/^\d+$/.test(packets)) throw new Problem('-c packet counter not numeric');
  if (!/^\d+$/.test(bytes)) throw new Problem('-c byte counter not numeric');
  s.p.counters = [Number(packets), Number(bytes)];
}

export function addMatch(s: Pick<State, 'matches' | 'nextId'>, word: string): void {
  const loaded = MATCHES[word];
  if (!loaded) throw new Problem(`Couldn't load match \`${word}':No such file or directory\n`);
  s.matches.push({ name: word, opts: loaded.stateful ? { id: s.nextId() } : {}, loaded });
}

function target(s: State, word: string): void {
  if (word === '') throw new Problem('Invalid target name (too short)');
  if (word.length >= 29) throw new Problem(`Invalid target name \`${word}' (28 chars max)`);
  if (/\s/.test(word)) throw new Problem(`Invalid target name \`${word}'`);
  s.target = { name: word, opts: {} };
}

function ruleNumber(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 0x7fffffff) throw new Problem(`Invalid rule number \`${text}'`);
  return Number(text);
}

const startsWithDigit = (word: string | undefined): boolean => word !== undefined && !word.startsWith('-') && word !== '!';

function command(s: State, letter: CommandLetter, value: string | null): void {
  const { p } = s;
  const before = p.command;
  if (s.not) throw new Problem(letter === 'F' || letter === 'L' ? `unexpected ! flag before --${letter === 'F' ? 'flush' : 'list'}` : 'unexpected \'!\' flag');
  if (before && !(letter === 'Z' && (before === 'L' || before === 'S')) && !(before === 'Z' && (letter === 'L' || letter === 'S'))) {
    throw new Problem(before === letter ? `multiple -${letter} flags not allowed`.replace(/^.*$/, `Cannot use -${letter} with -${before}\n`) : `Cannot use -${letter} with -${before}\n`);
  }
  if (before === 'Z') p.zero = true;
  if (letter === 'Z' && before) { p.zero = true; const chain = value ?? optional(s); if (chain !== null) p.chain = chain; return; }
  p.command = letter;
  switch (letter) {
    case 'A': case 'C': p.chain = value; break;
    case 'D': p.chain = value; if (startsWithDigit(s.words[s.at])) p.number = ruleNumber(s.words[s.at++]!); break;
    case 'I': p.chain = value; p.number = startsWithDigit(s.words[s.at]) ? ruleNumber(s.words[s.at++]!) : 1; break;
    case 'R':
      p.chain = value;
      if (!startsWithDigit(s.words[s.at])) throw new Problem('-R requires a rule number');
      p.number = ruleNumber(s.words[s.at++]!);
      break;
    case 'L': case 'S': case 'Z':
      p.chain = value ?? optional(s) ?? p.chain;
      if (p.chain !== null && startsWithDigit(s.words[s.at])) p.number = ruleNumber(s.words[s.at++]!);
      break;
    case 'F': case 'X': p.chain = value ?? optional(s); break;
    case 'N':
      if (/^[-!]/.test(value!)) throw new Problem(`chain name not allowed to start with \`${value![0]}'\n`);
      if (TARGETS[value!]) throw new Problem('chain name may not clash with target name\n');
      if (/\s/.test(value!)) throw new Problem(`Invalid chain name \`${value}'`);
      p.chain = value;
      break;
    case 'E':
      p.chain = value;
      p.newName = startsWithDigit(s.words[s.at]) ? s.words[s.at++]! : null;
      if (p.newName === null) throw new Problem('-E requires old-chain-name and new-chain-name');
      break;
    case 'P':
      p.chain = value;
      p.policy = startsWithDigit(s.words[s.at]) ? s.words[s.at++]! : null;
      if (p.policy === null) throw new Problem('-P requires a chain and a policy');
  }
}

/** What iptables checks when it has read everything, in its order. */
function finish(s: State): void {
  const { p } = s;
  for (const m of s.matches) {
    const wrong = m.loaded.check?.(m.opts) ?? null;
    if (wrong) throw new Problem(wrong);
  }
  const definition = s.target ? TARGETS[s.target.name] : undefined;
  const wrong = definition?.check?.(s.target!.opts) ?? null;
  if (wrong) throw new Problem(wrong);
  if (!p.command) throw new Problem('no command specified');
  if (s.not) throw new Problem('nothing appropriate following !');
  optionCheck(s);
  if (p.chain !== null && p.chain.length >= 29) throw new Problem(`chain name \`${p.chain}' too long (must be under 29 chars)`);
  if ('ACDIR'.includes(p.command) && !(p.command === 'D' && p.number)) p.rules = build(s);
}

function optionCheck(s: State): void {
  const command = s.p.command!;
  const row = ALLOWED[command === 'D' && s.p.number ? 'DN' : command]!;
  for (let i = 0; i < FLAGS.length; i++) {
    if (row[i] === 'x' && s.given.includes(FLAGS[i]!)) throw new Problem(`Illegal option \`-${FLAGS[i]}' with this command\n`);
  }
}

/** One rule for each pair of addresses. */
function build(s: State): Rule[] {
  const { p } = s;
  const list = (text: string | null, not: boolean): (NetMatch | null)[] => {
    if (text === null) return [null];
    const parts = text.split(',');
    if (not && parts.length > 1) throw new Problem('! not allowed with multiple source or destination IP addresses');
    return parts.map((part) => {
      const { ip, mask } = addressMask(part);
      return mask === 0 && !not ? null : { ip, mask, not };
    });
  };
  const sources = list(s.src, s.srcNot), destinations = list(s.dst, s.dstNot);
  if (p.command === 'R' && sources.length * destinations.length > 1) throw new Problem('Replacement rule does not specify a unique address');
  if (s.in && (p.chain === 'POSTROUTING' || p.chain === 'OUTPUT')) throw new Problem(`Can't use -i with ${p.chain}\n`);
  if (s.out && (p.chain === 'PREROUTING' || p.chain === 'INPUT')) throw new Problem(`Can't use -o with ${p.chain}\n`);
  const matches: Extension[] = s.matches.map(({ name: each, opts }) => ({ name: each, opts: { ...opts } }));
  const target: Extension | null = s.target ? { name: s.target.name, opts: { ...s.target.opts } } : null;
  const { in: inName, out, fragment, goto } = s;
  const proto = s.proto && s.proto.number !== 0 ? s.proto : null;
  return sources.flatMap((src) => destinations.map((dst): Rule => ({ src, dst, in: inName, out, proto, fragment, matches, target, goto })));
}

