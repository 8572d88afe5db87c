/** jq programs as trees. */
import type { Json } from '../../../../sim/proc/program.ts';

export type Pattern =
  | { readonly t: 'name'; readonly name: string }
  | { readonly t: 'items'; readonly items: readonly Pattern[] }
  | { readonly t: 'fields'; readonly fields: readonly { readonly key: Ast; readonly name: string | null; readonly value: Pattern | null }[] };

export interface Definition { readonly name: string; readonly params: readonly string[]; readonly body: Ast }

export type Ast =
  | { readonly t: 'identity' } | { readonly t: 'recurse' } | { readonly t: 'literal'; readonly value: Json }
  | { readonly t: 'string'; readonly format: string | null; readonly parts: readonly (string | Ast)[] }
  | { readonly t: 'format'; readonly name: string }
  | { readonly t: 'index'; readonly of: Ast; readonly key: Ast }
  | { readonly t: 'slice'; readonly of: Ast; readonly from: Ast | null; readonly to: Ast | null }
  | { readonly t: 'each'; readonly of: Ast }
  | { readonly t: 'try'; readonly body: Ast; readonly rescue: Ast | null }
  | { readonly t: 'array'; readonly body: Ast | null }
  | { readonly t: 'object'; readonly fields: readonly (readonly [Ast, Ast])[] }
  | { readonly t: 'negative'; readonly of: Ast }
  | { readonly t: 'pipe'; readonly left: Ast; readonly right: Ast } | { readonly t: 'comma'; readonly left: Ast; readonly right: Ast }
  | { readonly t: 'binary'; readonly op: string; readonly left: Ast; readonly right: Ast }
  | { readonly t: 'and'; readonly left: Ast; readonly right: Ast } | { readonly t: 'or'; readonly left: Ast; readonly right: Ast }
  | { readonly t: 'alternative'; readonly left: Ast; readonly right: Ast }
  | { readonly t: 'assign'; readonly op: string; readonly left: Ast; readonly right: Ast }
  | { readonly t: 'if'; readonly cond: Ast; readonly then: Ast; readonly else: Ast | null }
  | { readonly t: 'as'; readonly source: Ast; readonly pattern: Pattern; readonly body: Ast }
  | { readonly t: 'reduce'; readonly source: Ast; readonly pattern: Pattern; readonly init: Ast; readonly update: Ast }
  | { readonly t: 'foreach'; readonly source: Ast; readonly pattern: Pattern; readonly init: Ast; readonly update: Ast; readonly extract: Ast | null }
  | { readonly t: 'label'; readonly name: string; readonly body: Ast } | { readonly t: 'break'; readonly name: string }
  | { readonly t: 'def'; readonly def: Definition; readonly body: Ast }
  | { readonly t: 'call'; readonly name: string; readonly args: readonly Ast[]; readonly at: number }
  | { readonly t: 'variable'; readonly name: string; readonly at: number };
