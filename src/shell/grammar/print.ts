/**
 * Commands → text, as bash prints them for `type f`, `declare -f`, `jobs` and `fc`. Words are printed as
 * they were written. Imitates bash's print_cmd.c: four columns a level, here-documents after their line.
 */
import { unquote } from './scan.ts';
import type { Arg, Assign, Case, Node, Redir, Test } from './ast.ts';

export function printAssign(a: Assign): string {
  const value = 'src' in a.value ? a.value.src
    : `(${a.value.map((e) => `${e.index ? `[${e.index.src}]${e.append ? '+' : ''}=` : ''}${e.value.src}`)
      .join(' ')})`;
  return `${a.name}${a.index ? `[${a.index.src}]` : ''}${a.append ? '+' : ''}=${value}`;
}

const printArg = (arg: Arg): string => ('src' in arg ? arg.src : printAssign(arg));

class Printer {
  text = '';
  private depth = 0;
  private documents: Redir[] = [];
  /** Bodies stand inside the pipeline just printed: bash then puts no semicolon behind it. */
  private piped = false;

  line(): void {
    this.text += '\n';
    this.flush();
    this.text += ' '.repeat(4 * this.depth);
  }

  /** Bodies of here-documents follow the line that names them. */
  flush(): void {
    if (!this.documents.length) return;
    const documents = this.documents;
    this.documents = [];
    for (const doc of documents) {
      this.text += `${doc.body?.src ?? ''}${unquote(doc.target.src)}\n`;
    }
  }

  private redirs(redirs: readonly Redir[], gap = ' '): void {
    for (const r of redirs) {
      this.text += gap;
      gap = ' ';
      if (typeof r.fd === 'string') this.text += `{${r.fd}}`;
      else if (r.fd !== undefined) this.text += r.fd;
      this.text += r.op;
      if (!r.op.startsWith('<<') && !r.op.endsWith('&')) this.text += ' ';
      if (r.op === '<<<') this.text += ' ';
      this.text += r.target.src;
      if (r.op === '<<' || r.op === '<<-') this.documents.push(r);
    }
  }

  /** `closed`: the last command is ended with a semicolon, as before `done` and `fi`. */
  private block(node: Node, closed = true): void {
    this.depth++;
    this.line();
    this.node(node);
    if (this.documents.length) { this.text += '\n'; this.flush(); } else if (closed && !this.text.endsWith('&')) this.text += ';';
    this.depth--;
    this.line();
  }

  node(n: Node): void {
    switch (n.k) {
      case 'simple': {
        const words = [...n.assigns.map(printAssign), ...n.words.map(printArg)].join(' ');
        this.text += words;
        this.redirs(n.redirs, words ? ' ' : '');
        return;
      }
      case 'list':
        n.items.forEach((item, i) => {
          this.node(item.node);
          const last = i === n.items.length - 1;
          if (item.bg) this.text += ' &';
          if (last) return;
          if (this.depth > 0) {
            if (!item.bg && !this.documents.length && !this.piped) this.text += ';';
            this.piped = false;
            this.line();
          } else this.text += item.bg ? ' ' : '; ';
        });
        return;
      case 'andor':
        this.node(n.first);
        for (const { op, node } of n.rest) { this.text += ` ${op} `; this.node(node); }
        return;
      case 'pipe':
        if (n.time) this.text += `${n.time} `;
        if (n.negate) this.text += '! ';
        n.commands.forEach((c, i) => {
          if (i) this.bar(n.both?.includes(i - 1) === true);
          this.node(c);
        });
        return;
      case 'function': this.text += `function ${n.name} () `; this.line(); this.node(n.body); return;
      default: this.compound(n);
    }
  }

  /** After a here-document's command the next one stands on a line of its own, behind the bodies. */
  private bar(both: boolean): void {
    this.text += both ? ' |& ' : ' | ';
    if (!this.documents.length) return;
    this.text = `${this.text.trimEnd()}\n`;
    this.flush();
    this.text += '  ';
    this.piped = true;
  }

  private compound(n: Exclude<Node, { k: 'simple' | 'list' | 'andor' | 'pipe' | 'function' }>): void {
    switch (n.k) {
      case 'group': this.text += '{ '; this.block(n.body, false); this.text += '}'; break;
      case 'subshell': this.text += '( '; this.node(n.body); this.closeParen(); break;
      case 'arith': this.text += `((${n.expr.src}))`; break;
      case 'cond': this.text += '[[ '; this.test(n.expr); this.text += ' ]]'; break;
      case 'if':
        n.tests.forEach(({ test, then }, i) => {
          this.text += i ? 'elif ' : 'if ';
          this.inlineList(test);
          this.text += 'then';
          this.block(then);
        });
        if (n.otherwise) { this.text += 'else'; this.block(n.otherwise); }
        this.text += 'fi';
        break;
      case 'while':
        this.text += n.until ? 'until ' : 'while ';
        this.inlineList(n.test);
        this.text += 'do';
        this.block(n.body);
        this.text += 'done';
        break;
      case 'for': case 'select':
        this.text += `${n.k} ${n.name}`;
        if (n.words) this.text += ` in${n.words.map((w) => ` ${w.src}`).join('')}`;
        this.text += ';';
        this.line();
        this.text += 'do';
        this.block(n.body);
        this.text += 'done';
        break;
      case 'forarith':
        this.text += `for ((${n.init.src}; ${n.test.src}; ${n.step.src}))`;
        this.line();
        this.text += 'do';
        this.block(n.body);
        this.text += 'done';
        break;
      case 'case': this.case(n); break;
    }
    this.redirs(n.redirs);
  }

  private closeParen(): void {
    if (this.documents.length) { this.line(); this.text += ')'; } else this.text += ' )';
  }

  /** The list before `then` or `do`. */
  private inlineList(node: Node): void {
    const depth = this.depth;
    if (!this.documents.length) this.depth = 0;
    this.node(node);
    this.depth = depth;
    if (this.documents.length) { this.line(); return; }
    this.text += node.k === 'list' && this.text.endsWith('&') ? ' ' : '; ';
  }

  private case(n: Case): void {
    this.text += `case ${n.word.src} in `;
    this.depth++;
    for (const item of n.items) {
      this.line();
      this.text += `${item.patterns[0]!.src === 'esac' ? '('
        : ''}${item.patterns.map((p) => p.src).join(' | ')})`;
      if (item.body) {
        this.depth++;
        this.line();
        this.node(item.body);
        this.depth--;
      }
      this.line();
      this.text += item.end;
    }
    this.depth--;
    this.line();
    this.text += 'esac';
  }

  private test(t: Test): void {
    switch (t.k) {
      case 'word': this.text += t.word.src; return;
      case 'unary': this.text += `${t.op} ${t.word.src}`; return;
      case 'binary': this.text += `${t.left.src} ${t.op} ${t.right.src}`; return;
      case 'not': this.text += '! '; this.test(t.test); return;
      case 'paren': this.text += '( '; this.test(t.test); this.text += ' )'; return;
      default: this.test(t.left); this.text += t.k === 'and' ? ' && ' : ' || '; this.test(t.right);
    }
  }

  finish(): string {
    if (this.documents.length) { this.text += '\n'; this.flush(); this.text = this.text.replace(/\n$/, ''); }
    return this.text;
  }
}

export function print(node: Node): string {
  const printer = new Printer();
  printer.node(node);
  return printer.finish();
}

/** A definition as `type` and `declare -f` show it. */
export function printFunction(name: string, body: Node): string {
  const printer = new Printer();
  printer.text = `${name} () \n`;
  if (body.k === 'group') {
    printer.node(body);
  } else {
    printer.node({ k: 'group', body, redirs: [], line: body.line });
  }
  return `${printer.finish()}\n`;
}

