/** Reads expressions of awk, from the loosest operator to the tightest. */

import { Lexer, type Token } from './lex.ts'
import { compilePattern } from './pattern.ts'
import type { Expression, Name, Target } from './tree.ts'

/** How deep parentheses, blocks and operands may be within one another. */
export const NESTING_MAX = 200

const ASSIGNMENTS: ReadonlySet<string> = new Set(['=', '+=', '-=', '*=', '/=', '%=', '^=', '**='])
const COMPARISONS: ReadonlySet<string> = new Set(['<', '<=', '==', '!=', '>', '>='])
/** The least and the most that each takes. */
const ARGUMENT_COUNTS: Readonly<Record<string, readonly [number, number]>> = {
  length: [0, 1],
  substr: [2, 3],
  index: [2, 2],
  split: [2, 3],
  sub: [2, 3],
  gsub: [2, 3],
  match: [2, 2],
  sprintf: [1, Number.POSITIVE_INFINITY],
  atan2: [2, 2],
  rand: [0, 0],
  srand: [0, 1],
}
const REFUSED: ReadonlySet<string> = new Set(['system', 'close', 'fflush'])

export class ExpressionParser {
  protected readonly lexer: Lexer
  protected token: Token
  protected readonly globals: Set<string> = new Set()
  /** Of the function that is being read. */
  protected parameters: readonly string[] = []
  /** In `print`, where `>` would be a redirection. */
  protected inPrint = false
  #depth = 0

  constructor(program: string) {
    this.lexer = new Lexer(program)
    this.token = this.lexer.token(0)
  }

  protected fail(message: string, token: Token = this.token): never {
    return this.lexer.fail(message, token.start)
  }

  protected advance(): Token {
    const { token } = this
    this.token = this.lexer.token(token.end)
    return token
  }

  /** Texts say nothing here: only what is written without quotes. */
  protected at(text: string): boolean {
    return this.token.kind !== 'text' && this.token.text === text
  }

  protected take(text: string): boolean {
    if (!this.at(text)) return false
    this.advance()
    return true
  }

  protected expect(text: string): Token {
    if (this.at(text)) return this.advance()
    const { kind } = this.token
    const got = kind === 'newline' ? 'the end of the line' : this.token.text
    return this.fail(`expected ${text}, got ${got}`)
  }

  protected skipNewlines(): void {
    while (this.token.kind === 'newline') this.advance()
  }

  protected nested<T>(read: () => T): T {
    if (this.#depth === NESTING_MAX) {
      this.fail(`expected no more than ${NESTING_MAX} levels within one another`)
    }
    this.#depth++
    try {
      return read()
    } finally {
      this.#depth--
    }
  }

  protected expression(): Expression {
    return this.nested(() => {
      const condition = this.#or()
      if (!this.take('?')) return condition
      this.skipNewlines()
      const yes = this.expression()
      this.skipNewlines()
      this.expect(':')
      this.skipNewlines()
      return { kind: 'choice', condition, yes, no: this.expression() }
    })
  }

  /** Whether there is such a function is known at the end. */
  protected called(_call: Extract<Expression, { kind: 'call' }>): void {}

  /** Up to the closing parenthesis, with it. */
  protected listed(): Expression[] {
    const { inPrint } = this
    this.inPrint = false
    const items: Expression[] = []
    this.skipNewlines()
    while (!this.at(')')) {
      if (items.length > 0) {
        this.expect(',')
        this.skipNewlines()
      }
      items.push(this.expression())
      this.skipNewlines()
    }
    this.advance()
    this.inPrint = inPrint
    return items
  }

  protected named(token: Token): Name {
    const name = token.text
    const index = this.parameters.indexOf(name)
    if (index !== -1) return { kind: 'local', name, index }
    this.globals.add(name)
    return { kind: 'global', name }
  }

  protected nameHere(): Name {
    if (this.token.kind !== 'name') this.fail(`expected a name, got ${this.token.text}`)
    return this.named(this.advance())
  }

  protected subscripts(): Expression[] {
    const { inPrint } = this
    this.inPrint = false
    this.expect('[')
    const subscripts = [this.expression()]
    while (this.take(',')) subscripts.push(this.expression())
    this.expect(']')
    this.inPrint = inPrint
    return subscripts
  }

  #or(): Expression {
    let left = this.#and()
    while (this.take('||')) {
      this.skipNewlines()
      left = { kind: 'or', left, right: this.#and() }
    }
    return left
  }

  #and(): Expression {
    let left = this.#in()
    while (this.take('&&')) {
      this.skipNewlines()
      left = { kind: 'and', left, right: this.#in() }
    }
    return left
  }

  #in(): Expression {
    let left = this.#matching()
    while (this.take('in')) {
      const subscripts = left.kind === 'list' ? left.items : [left]
      left = { kind: 'in', subscripts, array: this.nameHere() }
    }
    return left
  }

  #matching(): Expression {
    let left = this.#comparison()
    while (this.at('~') || this.at('!~')) {
      const negated = this.advance().text === '!~'
      left = { kind: 'match', negated, left, right: this.#comparison() }
    }
    return left
  }

  #comparison(): Expression {
    const left = this.#joined()
    if (this.at('|')) this.fail('pipes are not there: a program reads its message and prints')
    const { text } = this.token
    if (!COMPARISONS.has(text) || !this.at(text) || (text === '>' && this.inPrint)) return left
    this.advance()
    return { kind: 'binary', operator: text, left, right: this.#joined() }
  }

  #joined(): Expression {
    let left = this.#sum()
    while (this.#startsOperand()) {
      left = { kind: 'binary', operator: 'join', left, right: this.#sum() }
    }
    return left
  }

  #startsOperand(): boolean {
    const { kind, text } = this.token
    if (kind === 'symbol') return ['$', '!', '(', '++', '--'].includes(text)
    return ['number', 'text', 'name', 'call', 'built-in'].includes(kind)
  }

  #sum(): Expression {
    let left = this.#product()
    while (this.at('+') || this.at('-')) {
      const operator = this.advance().text
      left = { kind: 'binary', operator, left, right: this.#product() }
    }
    return left
  }

  #product(): Expression {
    let left = this.#unary()
    while (this.at('*') || this.at('/') || this.at('%')) {
      const operator = this.advance().text
      left = { kind: 'binary', operator, left, right: this.#unary() }
    }
    return left
  }

  #unary(): Expression {
    if (!(this.at('!') || this.at('-') || this.at('+'))) return this.#power()
    const operator = this.advance().text
    return { kind: 'unary', operator, operand: this.nested(() => this.#unary()) }
  }

  #power(): Expression {
    const left = this.#stepped()
    if (!(this.take('^') || this.take('**'))) return left
    const right = this.nested(() => this.#unary())
    return { kind: 'binary', operator: '^', left, right }
  }

  /** What can be assigned to is assigned to wherever an assignment follows: nothing else would be a program. */
  #stepped(): Expression {
    if (this.at('++') || this.at('--')) {
      const by = this.advance().text === '++' ? 1 : -1
      const token = this.token
      const target = this.#primary()
      if (!isTarget(target)) return this.fail('expected what can be assigned to', token)
      return { kind: 'step', target, by, after: false }
    }
    const operand = this.#primary()
    if (!isTarget(operand)) return operand
    if (this.at('++')) {
      this.advance()
      return { kind: 'step', target: operand, by: 1, after: true }
    }
    if (this.at('--')) {
      this.advance()
      return { kind: 'step', target: operand, by: -1, after: true }
    }
    if (!ASSIGNMENTS.has(this.token.text) || !this.at(this.token.text)) return operand
    const operator = this.advance().text.replace('**', '^')
    this.skipNewlines()
    return { kind: 'assign', operator, target: operand, value: this.expression() }
  }

  #primary(): Expression {
    const { token } = this
    if (token.kind === 'number') return { kind: 'number', value: Number(this.advance().text) }
    if (token.kind === 'text') return { kind: 'text', value: this.advance().text }
    if (token.kind === 'name') return this.#variable()
    if (token.kind === 'call') return this.#call()
    if (token.kind === 'built-in') return this.#builtIn()
    if (this.at('/') || this.at('/=')) return this.#regexp()
    if (this.take('$')) {
      const index = this.nested(() => this.#fieldIndex())
      return { kind: 'field', index }
    }
    if (this.at('(')) return this.#group()
    if (this.take('getline')) return this.#getline()
    const got = token.kind === 'newline' ? 'the end of the line' : token.text
    return this.fail(`expected an expression, got ${got}`)
  }

  #fieldIndex(): Expression {
    if (this.at('-') || this.at('+') || this.at('!')) {
      return { kind: 'unary', operator: this.advance().text, operand: this.#primary() }
    }
    if (!(this.at('++') || this.at('--'))) return this.#primary()
    return this.#stepped()
  }

  #group(): Expression {
    const opening = this.advance()
    const items = this.listed()
    const [first] = items
    if (first === undefined) return this.fail('expected an expression, got ()', opening)
    // What is in parentheses is a value, except to `in` and `print`.
    if (items.length === 1) return isTarget(first) ? first : { ...first }
    if (!this.at('in') && !this.inPrint) this.fail('expected one expression here', opening)
    return { kind: 'list', items }
  }

  #regexp(): Expression {
    const token = this.lexer.regexp(this.token.start)
    try {
      compilePattern(token.text)
    } catch (thrown) {
      this.fail(thrown instanceof Error ? thrown.message : String(thrown))
    }
    this.token = this.lexer.token(token.end)
    return { kind: 'regexp', pattern: token.text }
  }

  #variable(): Target {
    const token = this.token
    const name = this.nameHere()
    if (!this.at('[')) return name
    if (this.token.start !== token.end) this.fail('expected [ right after the name')
    return { kind: 'element', array: name, subscripts: this.subscripts() }
  }

  #call(): Expression {
    const token = this.advance()
    this.advance()
    const given = this.nested(() => this.listed())
    const place = this.lexer.placeOf(token.start)
    const call = { kind: 'call', name: token.text, given, place } as const
    this.called(call)
    return call
  }

  #builtIn(): Expression {
    const token = this.advance()
    const name = token.text
    if (REFUSED.has(name)) this.fail(`${name} is not there: a program only reads and prints`, token)
    const written = this.take('(')
    if (!written && name !== 'length') this.fail(`expected ( after ${name}`)
    const given = written ? this.nested(() => this.listed()) : []
    const [least, most] = ARGUMENT_COUNTS[name] ?? [1, 1]
    if (given.length < least || given.length > most) {
      this.fail(`expected ${least} to ${most} arguments of ${name}, got ${given.length}`, token)
    }
    if (name === 'split' && !isName(given[1])) this.fail('expected split to fill an array', token)
    if ((name === 'sub' || name === 'gsub') && given[2] !== undefined && !isTarget(given[2])) {
      this.fail(`expected ${name} to change what can be assigned to`, token)
    }
    return { kind: 'built-in', name, given }
  }

  #getline(): Expression {
    const { kind } = this.token
    const target = kind === 'name' || this.at('$') ? this.#primary() : undefined
    if (this.at('<')) this.fail('files are not there: getline reads the message')
    return {
      kind: 'getline',
      target: target !== undefined && isTarget(target) ? target : undefined,
    }
  }
}

export function isName(expression: Expression | undefined): expression is Name {
  return expression?.kind === 'global' || expression?.kind === 'local'
}

function isTarget(expression: Expression): expression is Target {
  return isName(expression) || expression.kind === 'field' || expression.kind === 'element'
}
