/**
 * The commands iptables and iptables-restore on a namespace, with their words and exit
 * statuses (1.4.21 on the host, 1.6.0 in Planet: they differ in the version they print). Names of hosts
 * must be addresses already.
 */
import { own } from '../../engine/cow.ts';
import type { IptablesAnswer, NetNs, Rule } from '../state.ts';
import { parse, type Parsed } from './parse.ts';
import { listRules, listTable, ruleText, spokenRule } from './save.ts';
import * as tables from './tables.ts';
import { STANDARD, TARGETS } from './targets.ts';
import { Problem } from './values.ts';

export interface Say { version: string; family: 4 | 6; /** What -L without -n prints for an address. */ name?: (ip: string) => string; /** Of iptables-save's comment. */ stamp: string }

export const HELP_HINT = (tool: string): string => `Try \`${tool} -h' or '${tool} --help' for more information.\n`;
const answer = (exit: number, stdout = '', stderr = ''): IptablesAnswer => ({ exit, stdout, stderr });

const toolOf = (say: Say): string => (say.family === 6 ? 'ip6tables' : 'iptables');

function problem(error: Problem, say: Say): IptablesAnswer {
  const tool = toolOf(say);
  const head = error.bare ? error.message : `${tool} ${say.version}: ${error.message}`;
  const tail = error.status === 2 ? HELP_HINT(tool) : error.status === 3 ? `Perhaps ${tool} or your kernel needs to be upgraded.\n` : '';
  return answer(error.status, '', `${head}\n${tail}`);
}

const nextId = (ns: NetNs): (() => number) => () => own(ns, 'netfilter').nextId++;

/** One command. The namespace is owned; it is changed only when the command succeeds. */
export function runIptables(ns: NetNs, args: readonly string[], say: Say): IptablesAnswer {
  try {
    const p = parse(args, nextId(ns));
    if (p.special === 'version') return answer(0, `${toolOf(say)} ${say.version}\n`);
    if (p.special === 'help') return answer(0, usage(say));
    return perform(ns, p, say);
  } catch (error) {
    if (error instanceof Problem) return problem(error, say);
    throw error;
  }
}

const usage = (say: Say): string => {
  const t = toolOf(say);
  return `${t} ${say.version}\n\nUsage: ${t} -[ACD] chain rule-specification [options]\n       ${t} -I chain [rulenum] rule-specification [options]\n       ${t} -R chain rulenum rule-specification [options]\n       ${t} -D chain rulenum [options]\n       ${t} -[LS] [chain [rulenum]] [options]\n       ${t} -[FZ] [chain] [options]\n       ${t} -[NX] chain\n       ${t} -E old-chain-name new-chain-name\n       ${t} -P chain target [options]\n       ${t} -h (print this help information)\n`;
};

function perform(ns: NetNs, p: Parsed, say: Say): IptablesAnswer {
  if (!tables.isTable(p.table)) throw new Problem(`can't initialize ${toolOf(say)} table \`${p.table}': Table does not exist (do you need to insmod?)`, 3);
  const d = tables.draft(ns, p.table);
  unknownTargets(p.rules, d);
  const out = read(ns, d, p, say) ?? write(d, p);
  if (typeof out !== 'string') {
    if (out.refusal) return answer(1, '', `${toolOf(say)}: ${out.refusal}.\n`);
    const refusal = out.changed || !ns.netfilter.tables[p.table] ? tables.commit(ns, d) : null;
    return refusal ? answer(1, '', `${toolOf(say)}: ${refusal}.\n`) : answer(0, out.stdout);
  }
  if (!ns.netfilter.tables[p.table]) tables.commit(ns, d);
  return answer(0, out);
}

/** A target that is no chain of the table must be an extension. */
function unknownTargets(rules: readonly Rule[], d: tables.Draft): void {
  const name = rules[0]?.target?.name;
  if (name !== undefined && !TARGETS[name] && !d.table.chains[name]) throw new Problem(`Couldn't load target \`${name}':No such file or directory\n`);
}

interface Done { refusal: string | null; changed: boolean; stdout: string }
const done = (refusal: string | null, stdout = ''): Done => ({ refusal, changed: !refusal, stdout });

/** The commands that print: their text, or a refusal; null when it is another command. */
function read(_ns: NetNs, d: tables.Draft, p: Parsed, say: Say): string | Done | null {
  if (p.command !== 'L' && p.command !== 'S') return null;
  if (p.chain !== null && !d.table.chains[p.chain]) return done(tables.NO_CHAIN);
  const chain = p.chain ?? undefined;
  const text = p.command === 'S' ? listRules(d.table, chain, p.number, p.verbose)
    : listTable(d.table, chain, p.number, { numeric: p.numeric, verbose: p.verbose, exact: p.exact, lineNumbers: p.lineNumbers, name: say.name ?? ((ip) => ip) });
  if (!p.zero) return text;
  for (const name of chain === undefined ? d.table.order : [chain]) tables.zero(d, name, 0);
  return done(null, text);
}

const ruleKey = (rule: Rule): string => ruleText('', rule);

/** Where the rule stands, by what it says (not by what it remembers). */
function findRule(d: tables.Draft, chain: string, rule: Rule): number {
  const wanted = ruleKey(rule);
  return d.table.chains[chain]!.rules.findIndex((other) => ruleKey(other) === wanted);
}

/** libiptc's word for a rule that is not there depends on what it looked up last. */
const absent = (rule: Rule): string => (rule.target === null || STANDARD.has(rule.target.name) ? tables.BAD_RULE : tables.NO_CHAIN);

/** -v with a command that changes a rule shows it. */
const spoken = (p: Parsed): string => (p.verbose ? p.rules.map(spokenRule).join('') : '');

function write(d: tables.Draft, p: Parsed): Done {
  const { chain, number } = p;
  const chains = d.table.chains;
  switch (p.command) {
    case 'A':
      if (!chains[chain!]) return done(tables.NO_CHAIN);
      tables.insert(d, chain!, chains[chain!]!.rules.length, p.rules, p.counters ?? [0, 0]);
      return done(null, spoken(p));
    case 'I':
      if (!chains[chain!]) return done(tables.NO_CHAIN);
      if (number - 1 > chains[chain!]!.rules.length) return done('Index of insertion too big');
      tables.insert(d, chain!, number - 1, p.rules, p.counters ?? [0, 0]);
      return done(null, spoken(p));
    case 'R':
      if (!chains[chain!]) return done(tables.NO_CHAIN);
      if (number > chains[chain!]!.rules.length) return done('Index of replacement too big');
      tables.replaceAt(d, chain!, number - 1, p.rules[0]!);
      return done(null, spoken(p));
    case 'D': case 'C': return remove(d, p);
    case 'F': case 'Z': {
      if (chain !== null && !chains[chain]) return done(tables.NO_CHAIN);
      for (const name of chain === null ? d.table.order : [chain]) {
        if (p.command === 'F') tables.flush(d, name);
        else { const refusal = tables.zero(d, name, number); if (refusal) return done(refusal); }
      }
      return done(null);
    }
    case 'N': return done(tables.newChain(d, chain!));
    case 'X': return chain === null ? deleteAll(d) : done(tables.deleteChain(d, chain));
    case 'E': return done(tables.renameChain(d, chain!, p.newName!));
    case 'P': return done(tables.setPolicy(d, chain!, p.policy!, p.counters ?? undefined));
    default: return done(null);
  }
}

function remove(d: tables.Draft, p: Parsed): Done {
  const { chain, number } = p;
  const found = d.table.chains[chain!];
  if (number) {
    if (!found) return done(tables.NO_CHAIN);
    if (number > found.rules.length) return done('Index of deletion too big');
    tables.removeAt(d, chain!, number - 1);
    return done(null);
  }
  for (const rule of p.rules) {
    if (!found) return done(tables.BAD_RULE);
    const at = findRule(d, chain!, rule);
    if (at < 0) return done(absent(rule));
    if (p.command === 'D') tables.removeAt(d, chain!, at);
  }
  return p.command === 'D' ? done(null, spoken(p)) : { refusal: null, changed: false, stdout: spoken(p) };
}

function deleteAll(d: tables.Draft): Done {
  for (const name of d.table.order.filter((each) => !d.table.chains[each]!.policy)) {
    const refusal = tables.deleteChain(d, name);
    if (refusal) return done(refusal);
  }
  return done(null);
}

// --- iptables-restore

export interface RestoreOptions { noflush: boolean; counters: boolean; test: boolean; table?: string }

/** Tables are taken one by one at their COMMIT: what came before a fault stays. */
export function runRestore(ns: NetNs, text: string, o: RestoreOptions, say: Say): IptablesAnswer {
  const tool = `${toolOf(say)}-restore`;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  let d: tables.Draft | null = null;
  let skipping = false;
  const pending = new Map<string, { rules: Rule[]; hits: number[] }>();
  const settle = (): void => {
    for (const [name, { rules, hits }] of pending) tables.appendMany(d!, name, rules, hits);
    pending.clear();
  };
  for (let n = 1; n <= lines.length; n++) {
    const line = lines[n - 1]!;
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('*') && !d) {
      const name = line.slice(1).trim();
      skipping = o.table !== undefined && o.table !== name;
      if (!tables.isTable(name)) return answer(2, '', `${tool} ${say.version}: ${tool}: unable to initialize table '${name}'\n\nError occurred at line: ${n}\n${HELP_HINT(tool)}`);
      d = tables.draft(ns, name, !o.noflush);
      continue;
    }
    if (line === 'COMMIT' && d) {
      settle();
      const refusal = skipping ? null : o.test ? tables.verify(d) : tables.commit(ns, d);
      d = null;
      if (refusal) return answer(1, '', `${tool}: line ${n} failed\n`);
      continue;
    }
    if (!d) return answer(1, '', `${tool}: line ${n} failed\n`);
    if (skipping) continue;
    const bad = line.startsWith(':') ? chainLine(d, line, n, o, say) : ruleLine(ns, d, line, n, o, say, pending, settle);
    if (bad) return bad;
  }
  if (d) return answer(1, '', `${tool}: COMMIT expected at line ${lines.length}\n`);
  return answer(0);
}

function chainLine(d: tables.Draft, line: string, n: number, o: RestoreOptions, say: Say): IptablesAnswer | null {
  const tool = `${toolOf(say)}-restore`;
  const [head, policy, counters] = line.slice(1).split(/[ \t]+/);
  const fault = (message: string): IptablesAnswer => answer(2, '', `${tool} ${say.version}: ${message}\n\nError occurred at line: ${n}\n${HELP_HINT(tool)}`.replace('\n\nError', '\nError'));
  if (!head) return fault(`${tool}: line ${n} chain name invalid\n`);
  if (head.length >= 29) return fault(`Invalid chain name \`${head}' (28 chars max)`);
  if (!policy) return fault(`${tool}: line ${n} policy invalid\n`);
  if (!tables.BUILTIN[d.name].includes(head)) {
    if (d.table.chains[head]) tables.flush(d, head);
    else { const refusal = tables.newChain(d, head); if (refusal) return fault(`error creating chain '${head}'\n`); }
  }
  if (policy === '-') return null;
  const m = /^\[(\d+):(\d+)\]$/.exec(counters ?? '');
  if (o.counters && counters !== undefined && !m) return fault('invalid policy counters for chain \'' + head + '\'\n');
  const refusal = tables.setPolicy(d, head, policy, o.counters && m ? [Number(m[1]), Number(m[2])] : undefined);
  return refusal ? fault(`Can't set policy \`${policy}' on \`${head}' line ${n}: ${refusal}\n`) : null;
}

/** Words of a rule's line, with quotes and backslashes. */
export function words(line: string): string[] | null {
  const out: string[] = [];
  let word = '', quoted = false, open = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quoted) {
      if (c === '\\' && i + 1 < line.length) word += line[++i]!;
      else if (c === '"') quoted = false;
      else word += c;
    } else if (c === '"') { quoted = true; open = true; }
    else if (c === ' ' || c === '\t') { if (open || word) out.push(word); word = ''; open = false; }
    else { word += c; open = true; }
  }
  if (quoted) return null;
  if (open || word) out.push(word);
  return out;
}

function ruleLine(ns: NetNs, d: tables.Draft, line: string, n: number, o: RestoreOptions, say: Say, pending: Map<string, { rules: Rule[]; hits: number[] }>, settle: () => void): IptablesAnswer | null {
  const tool = `${toolOf(say)}-restore`;
  const counted = /^\[(\d+):(\d+)\] /.exec(line);
  const parts = words(counted ? line.slice(counted[0].length) : line);
  const fault = (error: Problem): IptablesAnswer => {
    const head = error.bare ? error.message : `${tool} ${say.version}: ${error.message}`;
    return answer(error.status, '', `${head}\nError occurred at line: ${n}\n${HELP_HINT(tool)}`);
  };
  if (!parts) return fault(new Problem('Unterminated quote'));
  try {
    const p = parse(parts, nextId(ns));
    if (parts.includes('-t') || parts.includes('--table')) return fault(new Problem(`The -t option (seen in line ${n}) cannot be used in ${tool}.\n`));
    unknownTargets(p.rules, d);
    const counts = p.counters ?? (o.counters && counted ? [Number(counted[1]), Number(counted[2])] as const : [0, 0] as const);
    if (p.command === 'A' && d.table.chains[p.chain!]) {
      // Rules are collected: a table of a thousand is not copied a thousand times.
      let list = pending.get(p.chain!);
      if (!list) pending.set(p.chain!, list = { rules: [], hits: [] });
      list.rules.push(...p.rules);
      for (const _ of p.rules) list.hits.push(...counts);
      return null;
    }
    settle();
    const result = read(ns, d, p, say) ?? write(d, p);
    const refusal = typeof result === 'string' ? null : result.refusal;
    if (refusal) return answer(1, '', `${tool}: line ${n} failed\n`);
    return null;
  } catch (error) {
    if (error instanceof Problem) return fault(error);
    throw error;
  }
}
