import { describe, expect, it } from 'vitest';
import { commandWords, flagTable, parseFlags } from '../../src/shell/bin/kubectl/flags.ts';
import { parseDuration } from '../../src/shell/bin/kubectl/time.ts';

const SPECS = flagTable(`
  all,a bool All.
  output,o string Format.
  namespace,n string Where.
  selector,l string Which.
  replicas int=-1 How many.
  since duration=0s Since.
  filename,f strings Files.
  env,e array Variables.
`);

const parse = (...words: string[]): ReturnType<typeof parseFlags> => parseFlags(words, SPECS);

describe('flags', () => {
  it.each([
    [['-owide'], 'output', 'wide'], [['-o=wide'], 'output', 'wide'], [['-o', 'wide'], 'output', 'wide'], [['--output=wide'], 'output', 'wide'], [['--output', 'wide'], 'output', 'wide'],
    [['-nkube-system'], 'namespace', 'kube-system'], [['-lk=v'], 'selector', 'k=v'], [['-aowide'], 'output', 'wide'], [['-n', '-x'], 'namespace', '-x'],
  ])('%j', (words, name, value) => {
    const parsed = parse(...words);
    expect(parsed.ok && parsed.flags.str(name)).toBe(value);
  });

  it('keeps arguments, and knows where -- stood', () => {
    const parsed = parse('pod', '-a', 'x', '--', '-z', 'y');
    expect(parsed.ok && [parsed.flags.args, parsed.flags.dash, parsed.flags.bool('all')]).toEqual([['pod', 'x', '-z', 'y'], 2, true]);
  });

  it('splits lists at commas, arrays not', () => {
    const parsed = parse('-f', 'a,b', '-f', 'c', '-e', 'X=1,2');
    expect(parsed.ok && [parsed.flags.list('filename'), parsed.flags.list('env')]).toEqual([['a', 'b', 'c'], ['X=1,2']]);
  });

  it.each([
    [['--foo'], 'unknown flag: --foo'], [['-z'], "unknown shorthand flag: 'z' in -z"], [['-az'], "unknown shorthand flag: 'z' in -z"], [['-n'], "flag needs an argument: 'n' in -n"], [['--output'], 'flag needs an argument: --output'],
    [['--replicas=x'], 'invalid argument "x" for "--replicas" flag: strconv.ParseInt: parsing "x": invalid syntax'], [['--all=maybe'], 'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
    [['--since=5x'], 'invalid argument "5x" for "--since" flag: time: unknown unit x in duration 5x'], [['--since=5'], 'invalid argument "5" for "--since" flag: time: missing unit in duration 5'],
  ])('refuses %j', (words, error) => expect(parse(...words)).toEqual({ ok: false, error }));

  it('tells help from an error', () => expect(parse('pods', '-h')).toMatchObject({ ok: false, help: true }));

  it('finds commands between flags and their values', () => {
    expect(commandWords(['-n', 'kube-system', 'get', '-a', 'pods'], SPECS)).toEqual([2, 4]);
    expect(commandWords(['--unknown', 'value', 'get'], SPECS)).toEqual([2]);
  });
});

describe('durations', () => {
  it.each([['5m', 300e6], ['1h30m', 5400e6], ['1.5s', 1.5e6], ['300ms', 3e5], ['0', 0], ['-1s', -1e6]])('%s', (text, us) => expect(parseDuration(text)).toEqual({ us }));
});
