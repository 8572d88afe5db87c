/** The records of the operands of awk in turn; assignments among them take effect when they are reached. */
import type { Sys } from '../../../../sim/proc/program.ts';
import { strerror } from '../../../../sim/proc/libc.ts';
import { openSource } from '../../coreutils/input.ts';
import { unescapeString } from './lex.ts';
import type { Awk } from './run.ts';
import { type Record, Records, Trouble } from './streams.ts';
import { Input, toNumber } from './values.ts';

/** `name=value` among the operands. */
export const ASSIGNMENT = /^([A-Za-z_]\w*)=([^]*)$/;

export class MainInput {
  private at = 1;
  private records: Records | null = null;
  private any = false;
  private ended = false;

  constructor(private readonly awk: Awk) {}

  skipFile(): void { this.records = null; }

  /** The next record becomes $0. */
  *nextRecord(): Sys<boolean> {
    const record = yield* this.read();
    if (!record) return false;
    this.awk.count();
    this.awk.fields.setRecord(record.text);
    return true;
  }

  *read(): Sys<Record | null> {
    while (!this.ended) {
      if (!this.records && !(yield* this.openNext())) break;
      const record = yield* this.records!.next(this.awk.recordSeparator());
      if (record) {
        this.awk.cell('RT').value = record.end;
        return record;
      }
      this.records = null;
    }
    this.ended = true;
    return null;
  }

  private *openNext(): Sys<boolean> {
    const { awk } = this;
    const argv = awk.globals.get('ARGV')!.asArray();
    for (; this.at < toNumber(awk.get('ARGC')); this.at++) {
      const value = argv.get(String(this.at));
      const arg = value === undefined ? '' : awk.text(value);
      if (arg === '') continue;
      const assignment = ASSIGNMENT.exec(arg);
      if (assignment) {
        awk.set(assignment[1]!, new Input(unescapeString(assignment[2]!)));
        continue;
      }
      this.any = true;
      if (yield* this.open(arg)) {
        this.at++;
        return true;
      }
    }
    if (this.any) return false;
    this.any = true;
    return yield* this.open('-');
  }

  private *open(path: string): Sys<boolean> {
    const { awk } = this;
    const opened = yield* openSource(path);
    if (!opened.ok) {
      if (opened.errno === 'EISDIR') yield* awk.task.error(`warning: command line argument \`${path}' is a directory: skipped`, 0);
      else throw new Trouble(`fatal: cannot open file \`${path}' for reading: ${strerror(opened.errno)}`);
      return false;
    }
    this.records = new Records(opened.value, () => awk.task.flush());
    awk.globals.get('FNR')!.value = 0;
    awk.globals.get('FILENAME')!.value = path === '-' && !awk.globals.get('ARGV')!.array!.has('1') ? '' : path;
    return true;
  }
}
