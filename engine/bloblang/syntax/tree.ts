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
  | (Placed & {
      readonly kind: 'root'
      readonly path: readonly string[]
      readonly value: Expression
    })
  | (Placed & {
      readonly kind: 'let'
      readonly name: string
      readonly value: Expression
    })
  /** Without a name all metadata is assigned. */
  | (Placed & {
      readonly kind: 'meta'
      readonly name: string | undefined
      readonly value: Expression
    })
  | IfStatement

interface Placed {
  readonly at: Position
  /** Behind its last character. */
  readonly end: Position
}

export interface IfStatement extends Placed {
  readonly kind: 'if'
  readonly branches: readonly {
    readonly condition: Expression
    readonly body: Body
  }[]
  readonly otherwise: Body | undefined
}

/** Statements between braces. */
export interface Body extends Placed {
  readonly statements: readonly Statement[]
}

export interface MapDefinition extends Placed {
  readonly name: string
  readonly body: Body
}

/** `import "path"` or `from "path"`. */
export interface NamedFile extends Placed {
  readonly path: string
}

/** From its `#` to the end of its line. */
export type Comment = Placed

export interface MappingTree {
  readonly maps: readonly MapDefinition[]
  readonly statements: readonly Statement[]
  readonly imports: readonly NamedFile[]
  /** `from "path"`: another file takes the place of this one. */
  readonly replacement: NamedFile | undefined
  readonly comments: readonly Comment[]
  /** A text may be one query and nothing else; its statement assigns the root. */
  readonly isQuery: boolean
  readonly surprises: readonly Surprise[]
}
