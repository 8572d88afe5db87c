import { describe, expect, it } from 'vitest';
import { parseArgs } from '../../src/shell/bin/gravity/kingpin.ts';
import { usage } from '../../src/shell/bin/gravity/usage.ts';

const error = (...argv: string[]): string => { const read = parseArgs(argv); return read.ok ? '' : read.error; };
const parsed = (...argv: string[]) => { const read = parseArgs(argv); if (!read.ok) throw new Error(read.error); return read.parsed; };

describe('gravity\'s command line', () => {
  it('says what is wrong in kingpin\'s words', () => {
    expect(error('foo')).toBe('expected command but got "foo"');
    expect(error('status', '--foo')).toBe("unknown long flag '--foo'");
    expect(error('status', '-z')).toBe("unknown short flag '-z'");
    expect(error('remove')).toBe("required argument 'node' not provided");
    expect(error('check')).toBe('required flag --profile not provided');
    expect(error('users')).toBe("must select a subcommand of 'users'");
    expect(error('status', 'x')).toBe('unexpected x');
  });

  it('takes flags anywhere, but for exec', () => {
    expect(parsed('remove', 'node-3', '--force')).toMatchObject({ path: ['remove'], flags: { force: true }, args: { node: 'node-3' } });
    expect(parsed('exec', '-ti', '/bin/bash', '-c', 'ls --all')).toMatchObject({ flags: { tty: true, interactive: true }, args: { command: '/bin/bash', arg: ['-c', 'ls --all'] } });
    expect(parsed('--insecure', 'update', 'trigger', 'telekube')).toMatchObject({ path: ['update', 'trigger'], args: { app: 'telekube' } });
    expect(parsed('upgrade', '--no-block', '--manual')).toMatchObject({ flags: { block: false, manual: true } });
  });

  it('displays a plan by default', () => {
    expect(parsed('plan').path).toEqual(['plan', 'display']);
    expect(parsed('plan', 'execute', '--phase=/init')).toMatchObject({ path: ['plan', 'execute'], flags: { phase: '/init' } });
    expect(parsed('plan', '--operation-id', 'x')).toMatchObject({ flags: { 'operation-id': 'x' } });
    expect(parsed('plan', '-o', 'json')).toMatchObject({ path: ['plan', 'display'], flags: { output: 'json' } });
    expect(parsed('plan', '--operation-id=x', '--output=yaml')).toMatchObject({ path: ['plan', 'display'], flags: { output: 'yaml', 'operation-id': 'x' } });
    expect(error('plan', 'exec', '--phase=/init')).toBe('unexpected exec');
    expect(error('plan', '--foo')).toBe("unknown long flag '--foo'");
    expect(error('plan', '-z')).toBe("unknown short flag '-z'");
  });

  it('helps', () => {
    expect(parsed().help).toBe(true);
    expect(parsed('status', '--help')).toMatchObject({ help: true, path: ['status'] });
    const text = usage([])!;
    expect(text).toContain('      --help                 Show context-sensitive help (also try --help-long and --help-man).\n');
    expect(text).toContain('      --log-file="/var/log/gravity-install.log"\n                             log file with diagnostic information\n');
    expect(text).toContain('  plan display* [<flags>]\n    Display a plan for an ongoing operation\n');
    expect(text).not.toContain('status-reset');
    expect(usage(['plan', 'execute'])).toContain('usage: gravity plan execute [<flags>]\n\nExecute specified operation phase\n');
  });
});
