/** Reads a program of awk: rules, functions and statements. */
import { ExpressionParser } from './expressions.ts'
import { AwkSyntaxError } from './syntax-error.ts'
import type { Expression, Place, Program, Rule, Statement, UserFunction } from './tree.ts'

/** Longer programs are refused. */
export const PROGRAM_LENGTH_MAX = 65_536

/** `known` are the functions that whoever runs it brings. */
export function parseProgram(text: string, known: ReadonlySet<string>): Program {
  const start: Place = { line: 1, column: 1 }
  if (text.length > PROGRAM_LENGTH_MAX) {
    const got = `expected no more than ${PROGRAM_LENGTH_MAX} characters, got ${text.length}`
    throw new AwkSyntaxError(got, start)
  }
  return new ProgramParser(text).program(known)
}

class ProgramParser extends ExpressionParser {
  readonly #begin: Statement[] = []
  readonly #rules: Rule[] = []
  readonly #end: Statement[] = []
  readonly #functions = new Map<string, UserFunction>()
  #loops = 0
  #inFunction = false
  readonly #calls: Extract<Expression, { kind: 'call' }>[] = []

  program(known: ReadonlySet<string>): Program {
    this.#skipEnds()
    while (!this.#isOver()) {
      this.#item()
      this.#skipEnds()
    }
    for (const { name, given, place } of this.#calls) {
      const own = this.#functions.get(name)
      if (own === undefined && !known.has(name)) {
        throw new AwkSyntaxError(`there is no function ${name}`, place)
      }
      const most = own?.parameters.length ?? Number.POSITIVE_INFINITY
      if (given.length > most) {
        const message = `expected at most ${most} arguments of ${name}, got ${given.length}`
        throw new AwkSyntaxError(message, place)
      }
    }
    return {
      begin: this.#begin,
      rules: this.#rules,
      end: this.#end,
      functions: this.#functions,
      globals: this.globals,
    }
  }

  protected override called(call: Extract<Expression, { kind: 'call' }>): void {
    this.#calls.push(call)
  }

  #isOver(): boolean {
    return this.token.kind === 'end'
  }

  #skipEnds(): void {
    while (this.token.kind === 'newline' || this.at(';')) this.advance()
  }

  #item(): void {
    if (this.take('function') || this.take('func')) {
      this.#function()
      return
    }
    if (this.take('BEGIN')) {
      this.#begin.push(this.#block())
      return
    }
    if (this.take('END')) {
      this.#end.push(this.#block())
      return
    }
    let pattern: Expression | undefined
    let end: Expression | undefined
    if (!this.at('{')) {
      pattern = this.expression()
      if (this.take(',')) {
        this.skipNewlines()
        end = this.expression()
      }
      if (!this.at('{')) this.#expectEnd()
    }
    this.#rules.push({ pattern, end, body: this.at('{') ? this.#block() : undefined })
  }

  #function(): void {
    const token = this.token
    if (token.kind !== 'name' && token.kind !== 'call') {
      this.fail(`expected a name for the function, got ${token.text}`)
    }
    this.advance()
    if (this.#functions.has(token.text)) this.fail(`there are two functions ${token.text}`, token)
    this.expect('(')
    const parameters: string[] = []
    while (!this.at(')')) {
      if (parameters.length > 0) this.expect(',')
      this.skipNewlines()
      const { kind, text } = this.token
      if (kind !== 'name') this.fail(`expected a name of a parameter, got ${text}`)
      if (parameters.includes(text)) this.fail(`there are two parameters ${text}`)
      parameters.push(this.advance().text)
    }
    this.advance()
    this.skipNewlines()
    this.parameters = parameters
    this.#inFunction = true
    this.#functions.set(token.text, { parameters, body: this.#block() })
    this.parameters = []
    this.#inFunction = false
  }

  #block(): Statement {
    this.expect('{')
    const body: Statement[] = []
    this.#skipEnds()
    while (!this.at('}')) {
      if (this.token.kind === 'end') this.fail('expected }, got the end')
      body.push(this.#statement())
      this.#skipEnds()
    }
    this.advance()
    return { kind: 'block', body }
  }

  #statement(): Statement {
    return this.nested(() => {
      if (this.at('{')) return this.#block()
      if (this.take('if')) return this.#if()
      if (this.take('while')) {
        const condition = this.#condition()
        if (this.take(';')) return { kind: 'while', condition, body: { kind: 'block', body: [] } }
        return { kind: 'while', condition, body: this.#loopBody() }
      }
      if (this.take('do')) {
        const body = this.#loopBody()
        this.#skipEnds()
        this.expect('while')
        const condition = this.#condition()
        this.#expectEnd()
        return { kind: 'do', condition, body }
      }
      if (this.take('for')) return this.#for()
      if (this.take(';')) return { kind: 'block', body: [] }
      const simple = this.#simple()
      this.#expectEnd()
      return simple
    })
  }

  #expectEnd(): void {
    if (this.token.kind === 'newline' || this.at(';')) this.advance()
    else if (this.token.kind !== 'end' && !this.at('}')) {
      this.fail(`expected the end of the statement, got ${this.token.text}`)
    }
  }

  #condition(): Expression {
    this.expect('(')
    const condition = this.expression()
    this.expect(')')
    return condition
  }

  #body(): Statement {
    this.skipNewlines()
    return this.#statement()
  }

  #loopBody(): Statement {
    this.#loops++
    const body = this.#body()
    this.#loops--
    return body
  }

  #if(): Statement {
    const condition = this.#condition()
    const yes = this.#body()
    const before = this.token
    this.#skipEnds()
    if (this.take('else')) return { kind: 'if', condition, yes, no: this.#body() }
    this.token = before
    return { kind: 'if', condition, yes, no: undefined }
  }

  #for(): Statement {
    this.expect('(')
    const before = this.token
    if (before.kind === 'name') {
      const target = this.nameHere()
      if (this.take('in') && this.token.kind === 'name') {
        const array = this.nameHere()
        if (this.take(')')) return { kind: 'for-in', target, array, body: this.#loopBody() }
      }
      this.token = before
    }
    const start = this.at(';') ? undefined : this.#simple()
    this.expect(';')
    this.skipNewlines()
    const condition = this.at(';') ? undefined : this.expression()
    this.expect(';')
    this.skipNewlines()
    const step = this.at(')') ? undefined : this.#simple()
    this.expect(')')
    if (this.take(';')) {
      return { kind: 'for', start, condition, step, body: { kind: 'block', body: [] } }
    }
    return { kind: 'for', start, condition, step, body: this.#loopBody() }
  }

  #simple(): Statement {
    const token = this.token
    if (this.at('print') || this.at('printf')) return this.#print()
    if (this.take('delete')) {
      const array = this.nameHere()
      return { kind: 'delete', array, subscripts: this.at('[') ? this.subscripts() : undefined }
    }
    if (this.at('break') || this.at('continue')) {
      if (this.#loops === 0) this.fail(`expected ${token.text} in a loop`)
      return { kind: this.advance().text as 'break' | 'continue' }
    }
    if (this.take('next')) return { kind: 'next' }
    if (this.at('exit') || this.at('return')) {
      if (token.text === 'return' && !this.#inFunction) this.fail('expected return in a function')
      const kind = this.advance().text as 'exit' | 'return'
      return { kind, value: this.#atEnd() ? undefined : this.expression() }
    }
    return { kind: 'expression', value: this.expression() }
  }

  #atEnd(): boolean {
    const { kind } = this.token
    return kind === 'newline' || kind === 'end' || this.at(';') || this.at('}')
  }

  #print(): Statement {
    const token = this.advance()
    const kind = token.text as 'print' | 'printf'
    this.inPrint = true
    let given: Expression[] = []
    if (!(this.#atEnd() || this.#redirected())) {
      given = [this.expression()]
      while (this.take(',')) {
        this.skipNewlines()
        given.push(this.expression())
      }
    }
    this.inPrint = false
    if (this.#redirected()) {
      this.fail(`files and pipes are not there: ${kind} writes into the message`)
    }
    const [first] = given
    if (given.length === 1 && first?.kind === 'list') given = [...first.items]
    if (kind === 'printf' && given.length === 0) this.fail('expected a format of printf', token)
    return { kind, given }
  }

  #redirected(): boolean {
    return this.at('>') || this.at('>>') || this.at('|')
  }
}
