/** An awk program as data. */

export type Expr =
  | { readonly t: 'number'; readonly value: number }
  | { readonly t: 'string'; readonly value: string }
  /** A regular expression alone matches $0; as an argument or an operand of ~ it is itself. */
  | { readonly t: 'regex'; readonly source: string }
  | { readonly t: 'var'; readonly name: string; readonly line: number }
  | { readonly t: 'field'; readonly index: Expr }
  | { readonly t: 'index'; readonly name: string; readonly keys: readonly Expr[]; readonly line: number }
  | { readonly t: 'in'; readonly keys: readonly Expr[]; readonly name: string }
  | { readonly t: 'unary'; readonly op: '!' | '-' | '+'; readonly value: Expr }
  | { readonly t: 'binary'; readonly op: string; readonly left: Expr; readonly right: Expr; readonly line: number }
  | { readonly t: 'match'; readonly negated: boolean; readonly text: Expr; readonly regex: Expr }
  | { readonly t: 'logical'; readonly op: '&&' | '||'; readonly left: Expr; readonly right: Expr }
  | { readonly t: 'choose'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly t: 'assign'; readonly op: string; readonly target: Target; readonly value: Expr; readonly line: number }
  | { readonly t: 'step'; readonly target: Target; readonly by: 1 | -1; readonly before: boolean }
  | { readonly t: 'call'; readonly name: string; readonly args: readonly Expr[]; readonly line: number }
  | { readonly t: 'builtin'; readonly name: string; readonly args: readonly Expr[]; readonly line: number }
  | { readonly t: 'getline'; readonly target: Target | null; readonly from: 'main' | 'file' | 'command'; readonly source: Expr | null }
  | { readonly t: 'group'; readonly items: readonly Expr[] };

export type Target = Extract<Expr, { t: 'var' | 'field' | 'index' }>;

export type Stmt =
  | { readonly t: 'block'; readonly body: readonly Stmt[] }
  | { readonly t: 'expr'; readonly value: Expr }
  | { readonly t: 'print' | 'printf'; readonly args: readonly Expr[]; readonly to: '>' | '>>' | '|' | null; readonly target: Expr | null; readonly line: number }
  | { readonly t: 'if'; readonly test: Expr; readonly yes: Stmt; readonly no: Stmt | null }
  | { readonly t: 'while'; readonly test: Expr; readonly body: Stmt }
  | { readonly t: 'do'; readonly test: Expr; readonly body: Stmt }
  | { readonly t: 'for'; readonly start: Stmt | null; readonly test: Expr | null; readonly step: Stmt | null; readonly body: Stmt }
  | { readonly t: 'forin'; readonly name: string; readonly array: string; readonly body: Stmt }
  | { readonly t: 'switch'; readonly value: Expr; readonly cases: readonly { readonly test: Expr | null; readonly body: readonly Stmt[] }[] }
  | { readonly t: 'delete'; readonly name: string; readonly keys: readonly Expr[] | null }
  | { readonly t: 'break' | 'continue' | 'next' | 'nextfile' }
  | { readonly t: 'exit' | 'return'; readonly value: Expr | null };

export interface Rule {
  /** `range` counts rules with two patterns: their state is kept beside. */
  readonly from: Expr | null; readonly to: Expr | null; readonly range: number;
  /** null prints the record. */
  readonly body: Stmt | null;
}
export interface Func { readonly name: string; readonly params: readonly string[]; readonly body: Stmt }
export interface Program { readonly begin: readonly Stmt[]; readonly end: readonly Stmt[]; readonly rules: readonly Rule[]; readonly functions: ReadonlyMap<string, Func> }
