/**
 * What a mapping text says, as data.
 *
 * Every expression carries its height, so that a limit on it can be kept while parsing: everything that walks a tree
 * recurses, and a text must not be able to run the stack out.
 */
import type { Value } from '../values/value.ts'
import type { Position, Surprise } from './cursor.ts'

export type Expression =
  | LiteralExpression
  | ArrayExpression
  | ObjectExpression
  | NameExpression
  | FieldExpression
  | MethodExpression
  | FunctionExpression
  | BracketExpression
  | LambdaExpression
  | UnaryExpression
  | BinaryExpression
  | IfExpression
  | MatchExpression

interface Node {
  readonly at: Position
  readonly height: number
}

export interface LiteralExpression extends Node {
  readonly kind: 'literal'
  readonly value: Value
}

export interface ArrayExpression extends Node {
  readonly kind: 'array'
  readonly items: readonly Expression[]
}

export interface ObjectExpression extends Node {
  readonly kind: 'object'
  readonly entries: readonly { readonly key: Expression; readonly value: Expression }[]
}

/** `this`, `root`, `$name`, `@name` (`@` alone has an empty name), and a bare word. */
export interface NameExpression extends Node {
  readonly kind: 'this' | 'root' | 'variable' | 'metadata' | 'word'
  readonly name: string
}

export interface FieldExpression extends Node {
  readonly kind: 'field'
  readonly target: Expression
  readonly name: string
}

export interface MethodExpression extends Node {
  readonly kind: 'method'
  readonly target: Expression
  readonly name: string
  readonly arguments: readonly Argument[]
}

export interface FunctionExpression extends Node {
  readonly kind: 'function'
  readonly name: string
  readonly arguments: readonly Argument[]
}

export interface Argument {
  /** Arguments are all named or all positional. */
  readonly name: string | undefined
  readonly value: Expression
  readonly at: Position
}

/** `target.(query)` */
export interface BracketExpression extends Node {
  readonly kind: 'bracket'
  readonly target: Expression
  readonly query: Expression
}

/** `name -> body`; `_` names nothing. */
export interface LambdaExpression extends Node {
  readonly kind: 'lambda'
  readonly parameter: string
  readonly body: Expression
}

export interface UnaryExpression extends Node {
  readonly kind: 'unary'
  readonly operator: '!' | '-'
  readonly operand: Expression
}

export type BinaryOperator = '*' | '/' | '%' | '|' | '+' | '-' | Comparison | '&&' | '||'
export type Comparison = '==' | '!=' | '>' | '>=' | '<' | '<='

export interface BinaryExpression extends Node {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export interface IfExpression extends Node {
  readonly kind: 'if'
  readonly branches: readonly { readonly condition: Expression; readonly value: Expression }[]
  readonly otherwise: Expression | undefined
}

export interface MatchExpression extends Node {
  readonly kind: 'match'
  readonly subject: Expression | undefined
  /** A case without a check is `_`. */
  readonly cases: readonly { readonly check: Expression | undefined; readonly value: Expression }[]
}

export type Statement =
  | {
      readonly kind: 'root'
      readonly path: readonly string[]
      readonly value: Expression
      readonly at: Position
    }
  | {
      readonly kind: 'let'
      readonly name: string
      readonly value: Expression
      readonly at: Position
    }
  /** Without a name all metadata is assigned. */
  | {
      readonly kind: 'meta'
      readonly name: string | undefined
      readonly value: Expression
      readonly at: Position
    }
  | IfStatement

export interface IfStatement {
  readonly kind: 'if'
  readonly branches: readonly {
    readonly condition: Expression
    readonly body: readonly Statement[]
  }[]
  readonly otherwise: readonly Statement[] | undefined
  readonly at: Position
}

export interface MapDefinition {
  readonly name: string
  readonly body: readonly Statement[]
  readonly at: Position
}

export interface MappingTree {
  readonly maps: readonly MapDefinition[]
  readonly statements: readonly Statement[]
  readonly imports: readonly { readonly path: string; readonly at: Position }[]
  /** `from "path"`: another file takes the place of this one. */
  readonly replacement: { readonly path: string; readonly at: Position } | undefined
  readonly surprises: readonly Surprise[]
}
