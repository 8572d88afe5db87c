/**
 * The writer behind `describe`: lines with tabs at a level, laid out by Go's tabwriter; and the parts that
 * many kinds share: labels, annotations, tolerations, events (pkg/kubectl/describe/versioned, 1.14). Pure.
 */
import { byText, sortedKeys, type Obj } from './object.ts';
import { DESCRIBE, tabulate } from './tabwriter.ts';
import { ageOf, parseTime, rfc1123 } from './time.ts';

const ANNOTATION_MAX = 140;

export class Page {
  private flushed = '';
  private text = '';
  constructor(readonly now: number) {}

  /** A line (or the beginning of one) at a level of indentation. */
  line(level: number, text: string): void { this.text += `${'  '.repeat(level)}${text}\n`; }
  raw(text: string): void { this.text += text; }
  flush(): void {
    this.flushed += tabulate(this.text, DESCRIBE);
    this.text = '';
  }
  /** What was written since the last flush as it is, tabs and all: some callers of the real describers forget the tabwriter. */
  plain(): string { return this.text; }
  done(): string {
    this.flush();
    return this.flushed;
  }

  age(stamp: unknown): string { return ageOf(stamp, this.now); }

  labels(title: string, labels: Obj | undefined, indent = ''): void {
    const keys = sortedKeys(labels);
    this.raw(`${indent}${title}:\t`);
    if (!keys.length) this.raw('<none>\n');
    keys.forEach((key, i) => this.raw(`${i ? `${indent}\t` : ''}${key}=${labels![key]}\n`));
  }

  annotations(title: string, annotations: Obj | undefined): void {
    const keys = sortedKeys(annotations);
    this.raw(`${title}:\t`);
    if (!keys.length) this.raw('<none>\n');
    keys.forEach((key, i) => {
      const value = String(annotations![key]).replace(/\n$/, '');
      this.raw(i ? '\t' : '');
      if (value.length + key.length + 2 > ANNOTATION_MAX || value.includes('\n')) {
        this.raw(`${key}:\n${value.split('\n').map((part) => `\t  ${shorten(part, ANNOTATION_MAX - 2)}\n`).join('')}`);
      } else this.raw(`${key}: ${value}\n`);
    });
  }

  /** Name, namespace, labels and annotations, as nearly every kind begins. */
  head(obj: Obj, options: { namespace?: boolean } = {}): void {
    const meta = (obj['metadata'] ?? {}) as Obj;
    this.line(0, `Name:\t${meta['name'] ?? ''}`);
    if (options.namespace !== false) this.line(0, `Namespace:\t${meta['namespace'] ?? ''}`);
    this.labels('Labels', meta['labels']);
    this.annotations('Annotations', meta['annotations']);
  }

  controller(obj: Obj): void {
    const owner = ((obj['metadata']?.ownerReferences ?? []) as Obj[]).find((one) => one['controller'] === true);
    if (owner) this.line(0, `Controlled By:\t${owner['kind']}/${owner['name']}`);
  }

  tolerations(tolerations: readonly Obj[] | undefined): void {
    const list = [...(tolerations ?? [])].sort((a, b) => byText(a['key'] ?? '', b['key'] ?? ''));
    this.raw('Tolerations:\t');
    if (!list.length) this.raw('<none>\n');
    list.forEach((one, i) => {
      const seconds = one['tolerationSeconds'];
      this.raw(`${i ? '\t' : ''}${one['key'] ?? ''}${one['value'] ? `=${one['value']}` : ''}${one['effect'] ? `:${one['effect']}` : ''}${seconds === undefined || seconds === null ? '' : ` for ${seconds}s`}\n`);
    });
  }

  conditions(list: readonly Obj[] | undefined): void {
    if (!list?.length) return;
    this.line(0, 'Conditions:\n  Type\tStatus\tReason');
    this.line(1, '----\t------\t------');
    for (const one of list) this.line(1, `${one['type']} \t${one['status']}\t${one['reason'] ?? ''}`);
  }

  /** null: they could not be had, and nothing is said of them. */
  events(events: readonly Obj[] | null): void {
    if (events === null) return;
    if (!events.length) { this.line(0, 'Events:\t<none>'); return; }
    this.flush();
    const sorted = [...events].sort((a, b) => (parseTime(lastOf(a)) ?? 0) - (parseTime(lastOf(b)) ?? 0));
    this.line(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage');
    this.line(1, '----\t------\t----\t----\t-------');
    for (const event of sorted) {
      const count = Number(event['count'] ?? 0);
      const first = event['firstTimestamp'] ?? event['eventTime'];
      const age = count > 1 ? `${this.age(event['lastTimestamp'])} (x${count} over ${this.age(first)})` : this.age(first);
      const { component = '', host = '' } = (event['source'] ?? {}) as { component?: string; host?: string };
      this.line(1, `${event['type'] ?? ''}\t${event['reason'] ?? ''}\t${age}\t${[component || event['reportingComponent'], host].filter(Boolean).join(', ')}\t${String(event['message'] ?? '').trim()}`);
    }
  }
}

const lastOf = (event: Obj): string => event['lastTimestamp'] ?? event['eventTime'] ?? '';
const shorten = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}...` : text);

export const when = (stamp: unknown): string => rfc1123(stamp);
export const bool = (value: unknown): string => (value ? 'True' : 'False');
export const orNone = (value: unknown): string => (value === undefined || value === null || value === '' ? '<none>' : String(value));
