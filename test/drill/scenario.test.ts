/** Scenario files: every kind of mistake is told with its line, elastic outputs, and the truth tests themselves. */
import { describe, expect, it } from 'vitest';
import { checkScenario } from '../../src/drill/check.ts';
import { elasticised, showsAsExpected } from '../../src/drill/elastic.ts';
import { parseScenario, type Scenario } from '../../src/drill/scenario.ts';
import { rewrite } from '../../src/drill/transcript.ts';
import { freshWorld } from '../support/world.ts';

/** A whole file: 'bare' hosts, a goal, a solution; parts of it can be replaced. */
const FRONT: Readonly<Record<string, string>> = {
  id: 'id: "9.1"', title: 'title: A drill', topology: 'topology: bare',
  goals: 'goals:\n  - id: there\n    title: The file is there\n    on: node-1\n    run: cat made\n    match: ^yes$',
  hints: 'hints:\n  - Make a file.\n  - "`touch made` makes one."',
  solution: 'solution:\n  - { on: node-1, run: echo yes > made }',
};
const BODY = '# A drill\n\n```console node-1\n$ echo hello\nhello\n```\n\n## Repair it\n\n```console node-1\n$ echo yes > made\n```\n';
const file = (front: Readonly<Record<string, string>> = {}, body = BODY): string => `---\n${Object.values({ ...FRONT, ...front }).filter(Boolean).join('\n')}\n---\n${body}`;
const mistakes = (source: string): string[] => {
  const parsed = parseScenario(source, 'x.md');
  return parsed.ok ? [] : parsed.errors.map(({ file: name, line, reason }) => `${name}:${line}: ${reason}`);
};
const bodyLine = (source: string, text: string): number => source.split('\n').findIndex((row) => row.startsWith(text)) + 1;

describe('a malformed file', () => {
  it('is fine when it is fine', () => { expect(mistakes(file())).toEqual([]); });

  const goal = (lines: string): Record<string, string> => ({ goals: `goals:\n  - id: g\n    title: G\n${lines}` });
  it.each<[what: string, front: Record<string, string>, expected: string]>([
    ['an unknown key', { more: 'colour: red' }, 'x.md:16: unknown key colour; known are'],
    ['no id', { id: '' }, 'x.md:2: id is missing'],
    ['an id that is no text', { id: 'id: 9.1' }, 'x.md:2: id must be a text'],
    ['no title', { title: '' }, 'x.md:2: title is missing'],
    ['an unknown level', { level: 'level: hard' }, 'x.md:16: level must be one of beginner'],
    ['no time', { minutes: 'minutes: soon' }, 'x.md:16: minutes must be a number above 0'],
    ['an unknown topology', { topology: 'topology: moon' }, 'x.md:4: unknown topology moon; known are'],
    ['an inherited topology', { topology: 'topology: constructor' }, 'x.md:4: unknown topology constructor'],
    ['no goals', { goals: '' }, 'x.md:2: a scenario needs at least one goal'],
    ['goals that are no list', { goals: 'goals: all' }, 'x.md:5: goals must be a list'],
    ['a goal without a node', goal('    run: a\n    exit: 0'), 'x.md:6: goal 1: on is missing'],
    ['a goal on an unknown node', goal('    on: node-9\n    run: a\n    exit: 0'), 'x.md:6: goal 1: unknown node node-9; known are node-1, node-2, node-3'],
    ['a goal with an unknown key', goal('    on: node-1\n    run: a\n    exit: 0\n    matches: x'), 'x.md:6: goal 1: unknown key matches'],
    ['a goal that cannot fail', goal('    on: node-1\n    run: a'), 'x.md:6: goal 1: needs match, not or exit'],
    ['a goal with a bad pattern', goal("    on: node-1\n    run: a\n    match: '('"), 'x.md:6: goal 1: match: Invalid regular expression'],
    ['a goal with a bad status', goal('    on: node-1\n    run: a\n    exit: none'), 'x.md:6: goal 1: exit must be a whole number'],
    ['a goal with bad patience', goal('    on: node-1\n    run: a\n    exit: 0\n    within: -1'), 'x.md:6: goal 1: within must be a number of seconds'],
    ['a goal of another user', goal('    on: node-1\n    run: a\n    exit: 0\n    user: bob'), 'x.md:6: goal 1: user must be vagrant or root'],
    ['two goals of one id', { goals: 'goals:\n  - { id: g, title: G, on: node-1, run: a, exit: 0 }\n  - { id: g, title: H, on: node-1, run: a, exit: 0 }' }, 'x.md:7: goal 2: id g is used twice'],
    ['a hint that is no text', { hints: 'hints:\n  - one\n  - { a: b }' }, 'x.md:13: hint 2: must be a text'],
    ['no solution', { solution: '' }, 'x.md:2: a scenario needs a solution'],
    ['a step without a line', { solution: 'solution:\n  - { on: node-1, run: a }\n  - { on: node-1 }' }, 'x.md:16: step 2: needs `on` (a node) and `run` (a line)'],
    ['a step on an unknown node', { solution: 'solution:\n  - { on: node-7, run: a }' }, 'x.md:15: step 1: unknown node node-7'],
    ['YAML that is none', { title: 'title: "open' }, 'x.md:'],
    ['a list for a front matter', { id: '- a', title: '- b', topology: '', goals: '', hints: '', solution: '' }, 'x.md:2: front matter: must be a mapping'],
  ])('%s', (_, front, expected) => { expect(mistakes(file(front)).join('\n')).toContain(expected); });

  it.each<[what: string, body: string, at: string, expected: string]>([
    ['no node', '```console\n$ a\n```\n', '```console', 'a console block needs a node: console node-1'],
    ['an unknown node', '```console node-9\n$ a\n```\n', '```console', 'unknown node node-9; known are node-1, node-2, node-3'],
    ['an unknown word', '```console node-1 loud\n$ a\n```\n', '```console', 'unknown word loud; a console block knows background'],
    ['an empty block', '```console node-1\n```\n', '```console', 'a console block needs a typed line: $ command'],
    ['no end', '```console node-1\n$ a\n', '```console', 'the block opened by ``` has no end'],
    ['an unknown verb', '```sim\nwait 5s\n```\n', 'wait', 'unknown verb wait; known are fault, advance, run'],
    ['no duration', '```sim\nadvance 5\n```\n', 'advance', 'advance needs a duration such as 90s, 5m or 1h'],
    ['an unknown fault', '```sim\nfault flood\n```\n', 'fault', 'unknown fault flood; known are'],
    ['an unknown argument', '```sim\nfault sysctl colour=red\n```\n', 'fault', 'fault sysctl: unknown argument colour'],
    ['an argument of another type', '```sim\nfault slow-disk latencyMs=long\n```\n', 'fault', 'fault slow-disk: argument latencyMs must be a number'],
    ['an argument out of its bounds', '```sim\nfault full-disk percent=120\n```\n', 'fault', 'fault full-disk: argument percent must be at most 100'],
    ['an argument without its value', '```sim\nfault sysctl key\n```\n', 'fault', 'fault arguments are written name=value, not key'],
    ['an unknown node of a fault', '```sim\nfault sysctl node=node-8\n```\n', 'fault', 'fault sysctl: unknown node node-8'],
    ['a run without a command', '```sim\nrun node-1\n```\n', 'run', 'run needs a node and a command'],
    ['a run on an unknown node', '```sim\nrun node-8 true\n```\n', 'run', 'unknown node node-8'],
    ['an unknown word of a sim block', '```sim secret\nadvance 5s\n```\n', '```sim', 'unknown word secret; a sim block knows hidden'],
  ])('a block with %s', (_, body, at, expected) => {
    const source = file({}, body);
    const found = mistakes(source);
    expect(found.join('\n')).toContain(`x.md:${bodyLine(source, at)}: ${expected}`);
  });

  it('tells all of its mistakes, and those of the frame first', () => {
    expect(mistakes('no front matter')).toEqual(['x.md:1: the file must begin with a front matter: a line of ---']);
    expect(mistakes('---\nid: x\n')).toEqual(['x.md:1: the front matter has no closing ---']);
    expect(mistakes(file({ level: 'level: hard', more: 'colour: red' })).length).toBe(2);
  });
});

describe('elastic outputs', () => {
  it('are the same bytes unless a mark says otherwise', () => {
    expect(showsAsExpected('a  b\n', 'a  b\n')).toBe(true);
    expect(showsAsExpected('a  b\n', 'a b\n')).toBe(false);
    expect(showsAsExpected('a\n', 'a\nb\n')).toBe(false);
  });
  it.each([
    ['...\nlast\n', 'one\ntwo\nlast\n', true], ['...\nlast\n', 'last\n', true], ['...\nlast\n', 'last\nmore\n', false], ['first\n...\n', 'first\n', true],
    ['debug-…   1/1   Running   …\n', 'debug-x7kq2          1/1     Running   12s\n', true], ['debug-…   1/1   Running   …\n', 'debug-x7kq2   0/1   Running   12s\n', false],
    ['a … c\n', 'a b\nc\n', false], ['(…) +[x]\n', '(1) +[x]\n', true], ['…\n', 'any\nthing\n', false], ['...\n', 'any\nthing\n', true],
  ])('%j against %j', (expected, actual, fits) => { expect(showsAsExpected(expected, actual)).toBe(fits); });
  it('are proposed for what is drawn or counted', () => {
    const shown = 'coredns-t2rtd   1/1   Running   0   2m7s   10.244.59.23   192.168.121.232\nnode-1 etcd[142]: at 2019-04-29 18:46:12.003\n';
    const marked = elasticised(shown);
    expect(marked).toBe('coredns-…   1/1   Running   0   …   10.244.…   192.168.121.232\nnode-1 etcd[…]: at …\n');
    expect(showsAsExpected(marked, shown)).toBe(true);
  });
});

describe('the truth tests', () => {
  const check = (source: string): { problems: string[]; rewritten: string } => {
    const parsed = parseScenario(source, 'x.md');
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const { problems, played } = checkScenario(parsed.scenario as Scenario, freshWorld('bare'));
    return { problems: problems.map(({ line, reason }) => `${line}: ${reason}`), rewritten: rewrite(source, played) };
  };
  it('hold for a good file', () => { expect(check(file()).problems).toEqual([]); });
  it('tell an output that is another, and can write the right one', () => {
    const wrong = file({}, BODY.replace('\nhello\n', '\nbye\n'));
    const { problems, rewritten } = check(wrong);
    expect(problems).toEqual([expect.stringMatching(/^20: \$ echo hello\n {2}was to show\n {4}bye\n\n {2}but showed\n {4}hello/)]);
    expect(rewritten).toBe(file());
  });
  it('tell a goal that is met too early, and one that never is', () => {
    expect(check(file({ goals: 'goals:\n  - { id: g, title: G, on: node-1, run: hostname, match: node-1 }' })).problems.join('\n')).toMatch(/^6: goal g is met though nothing is repaired/m);
    expect(check(file({ goals: 'goals:\n  - { id: g, title: G, on: node-1, run: cat other, exit: 0 }' })).problems.join('\n')).toMatch(/^6: goal g is not met after the solution[\s\S]*^6: goal g is not met at the end of the lesson/m);
  });
  it('tell a solution with more than it needs, unless it says so', () => {
    const solution = (enough: string): string => `solution:\n  - { on: node-1, run: echo yes > made${enough} }\n  - { on: node-1, run: touch more }`;
    expect(check(file({ solution: solution('') })).problems).toEqual([expect.stringMatching(/^16: all goals are met before step 2: `touch more` is not needed/)]);
    expect(check(file({ solution: solution(', enough: true') })).problems).toEqual([]);
  });
  it('tell a hint whose command is not there', () => {
    expect(check(file({ hints: 'hints:\n  - "Try `sudo toch made`."' })).problems).toEqual(['12: hint 1: `toch` is no command here']);
  });
  it('press keys, leave programs running and hear from them later', () => {
    const body = '```console node-1\n$ sleep 100; echo over\n^C\n```\n\n```console node-1:2 background\n$ while sleep 4; do echo tick; done\ntick\n```\n\n```sim\nadvance 8s\n```\n\n```console node-1:2\ntick\ntick\n^C\n```\n\n## Repair\n\n```console node-1:2\n$ echo yes > made\n```\n';
    expect(check(file({}, body)).problems).toEqual([]);
  });
});
