/** What a program of awk is once it is read. Names are resolved: a local is a place in its function's frame. */

/** One-based, as editors count. */
export interface Place {
  readonly line: number
  readonly column: number
}

export type Name =
  | { readonly kind: 'global'; readonly name: string }
  | { readonly kind: 'local'; readonly name: string; readonly index: number }

export type Target =
  | Name
  | { readonly kind: 'field'; readonly index: Expression }
  | { readonly kind: 'element'; readonly array: Name; readonly subscripts: readonly Expression[] }

export type Expression =
  | Target
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'regexp'; readonly pattern: string }
  | {
      readonly kind: 'assign'
      readonly operator: string
      readonly target: Target
      readonly value: Expression
    }
  | {
      readonly kind: 'step'
      readonly target: Target
      readonly by: 1 | -1
      readonly after: boolean
    }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'match'
      readonly negated: boolean
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'in'; readonly subscripts: readonly Expression[]; readonly array: Name }
  | {
      readonly kind: 'choice'
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    }
  | { readonly kind: 'getline'; readonly target: Target | undefined }
  | { readonly kind: 'built-in'; readonly name: string; readonly given: readonly Expression[] }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly given: readonly Expression[]
      readonly place: Place
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }

export type Statement =
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'print' | 'printf'; readonly given: readonly Expression[] }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly yes: Statement
      readonly no: Statement | undefined
    }
  | { readonly kind: 'while' | 'do'; readonly condition: Expression; readonly body: Statement }
  | {
      readonly kind: 'for'
      readonly start: Statement | undefined
      readonly condition: Expression | undefined
      readonly step: Statement | undefined
      readonly body: Statement
    }
  | {
      readonly kind: 'for-in'
      readonly target: Name
      readonly array: Name
      readonly body: Statement
    }
  | {
      readonly kind: 'delete'
      readonly array: Name
      readonly subscripts: readonly Expression[] | undefined
    }
  | { readonly kind: 'break' | 'continue' | 'next' }
  | { readonly kind: 'exit' | 'return'; readonly value: Expression | undefined }

/** Without a pattern it is for every record; with an end it is a range. */
export interface Rule {
  readonly pattern: Expression | undefined
  readonly end: Expression | undefined
  /** Undefined prints the record. */
  readonly body: Statement | undefined
}

export interface UserFunction {
  readonly parameters: readonly string[]
  readonly body: Statement
}

export interface Program {
  readonly begin: readonly Statement[]
  readonly rules: readonly Rule[]
  readonly end: readonly Statement[]
  readonly functions: ReadonlyMap<string, UserFunction>
  readonly globals: ReadonlySet<string>
}
