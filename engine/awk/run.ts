/** Runs a program of awk on a text: nothing but its variables, its input and its host is within its reach. */
import { asMappingError, MappingError } from '../bloblang/mapping-error.ts'
import type { Regexp } from '../bloblang/regexp/regexp.ts'
import { Evaluator } from './evaluate.ts'
import { format } from './format.ts'
import { type AwkHost, Machine } from './machine.ts'
import { parseProgram } from './parse.ts'
import { AwkSyntaxError } from './syntax-error.ts'
import type { Program, Rule, Statement } from './tree.ts'
import { type AwkValue, isTrue } from './values.ts'

export interface AwkProgram {
  /** Its global variables: whoever runs it need not set others. */
  readonly globals: ReadonlySet<string>
  /** What it prints. */
  run(input: string, variables: ReadonlyMap<string, string>, host: AwkHost): string
}

/** `known` names the functions of the host. */
export function compileAwk(text: string, known: ReadonlySet<string>): AwkProgram {
  const program = parsed(text, known)
  const regexps = new Map<string, Regexp>()
  return {
    globals: program.globals,
    run: (input, variables, host) => {
      const machine = new Machine(host, input, regexps)
      for (const [name, value] of variables) machine.setVariable(name, value)
      try {
        new Run(machine, program).all()
        return machine.output()
      } catch (thrown) {
        if (thrown === NEXT)
          throw new MappingError('expected next in a rule, and not in BEGIN or END')
        throw asMappingError(thrown)
      }
    },
  }
}

function parsed(text: string, known: ReadonlySet<string>): Program {
  try {
    return parseProgram(text, known)
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    throw new AwkSyntaxError('the program is nested too deeply', { line: 1, column: 1 })
  }
}

type Left = 'break' | 'continue' | 'return' | undefined

const NEXT = new Error('next')
const EXIT = new Error('exit')

class Run {
  readonly #machine: Machine
  readonly #program: Program
  readonly #evaluator: Evaluator
  readonly #inRange = new Set<Rule>()
  #returned: AwkValue

  constructor(machine: Machine, program: Program) {
    this.#machine = machine
    this.#program = program
    this.#evaluator = new Evaluator(machine, program, (body) => {
      this.#returned = undefined
      this.#do(body)
      const value = this.#returned
      this.#returned = undefined
      return value
    })
  }

  all(): void {
    const { begin, rules, end } = this.#program
    this.#until(EXIT, () => {
      for (const body of begin) this.#do(body)
      if (rules.length === 0 && end.length === 0) return
      for (let record = this.#machine.read(); record !== undefined; record = this.#machine.read()) {
        this.#machine.record.set(record)
        this.#until(NEXT, () => {
          for (const rule of rules) this.#rule(rule)
        })
      }
    })
    // As POSIX has it, an exit before the end still runs END.
    this.#until(EXIT, () => {
      for (const body of end) this.#do(body)
    })
  }

  #until(signal: Error, run: () => void): void {
    try {
      run()
    } catch (thrown) {
      if (thrown !== signal) throw thrown
      this.#machine.locals = []
      this.#machine.depth = 0
    }
  }

  #rule(rule: Rule): void {
    const { pattern, end, body } = rule
    if (pattern !== undefined) {
      if (!this.#inRange.has(rule)) {
        if (!isTrue(this.#evaluator.value(pattern))) return
        if (end !== undefined) this.#inRange.add(rule)
      }
      if (end !== undefined && isTrue(this.#evaluator.value(end))) this.#inRange.delete(rule)
    }
    if (body === undefined) this.#print([])
    else this.#do(body)
  }

  #do(statement: Statement): Left {
    const evaluator = this.#evaluator
    this.#machine.charge()
    switch (statement.kind) {
      case 'block':
        for (const one of statement.body) {
          const left = this.#do(one)
          if (left !== undefined) return left
        }
        return undefined
      case 'expression':
        evaluator.value(statement.value)
        return undefined
      case 'print':
        return this.#print(statement.given.map((one) => evaluator.value(one)))
      case 'printf': {
        const [pattern, ...given] = statement.given.map((one) => evaluator.value(one))
        const machine = this.#machine
        machine.print(format(machine.text(pattern), given, (value) => machine.text(value)))
        return undefined
      }
      case 'if':
        if (isTrue(evaluator.value(statement.condition))) return this.#do(statement.yes)
        return statement.no === undefined ? undefined : this.#do(statement.no)
      case 'while':
      case 'do':
      case 'for':
        return this.#loop(statement)
      case 'for-in':
        return this.#forIn(statement)
      case 'delete': {
        const items = evaluator.items(statement.array)
        if (statement.subscripts === undefined) items.clear()
        else items.delete(evaluator.key(statement.subscripts))
        return undefined
      }
      case 'return':
        this.#returned =
          statement.value === undefined ? undefined : evaluator.value(statement.value)
        return 'return'
      case 'exit':
        if (statement.value !== undefined) evaluator.value(statement.value)
        throw EXIT
      case 'next':
        throw NEXT
      default:
        return statement.kind
    }
  }

  #print(given: readonly AwkValue[]): undefined {
    const machine = this.#machine
    const texts = given.map((value) => machine.outputText(value))
    const line = given.length === 0 ? machine.record.text() : texts.join(machine.special('OFS'))
    machine.print(line + machine.special('ORS'))
  }

  #loop(loop: Extract<Statement, { kind: 'while' | 'do' | 'for' }>): Left {
    const holds = (): boolean =>
      loop.condition === undefined || isTrue(this.#evaluator.value(loop.condition))
    if (loop.kind === 'for' && loop.start !== undefined) this.#do(loop.start)
    let first = loop.kind === 'do'
    while (first || holds()) {
      first = false
      const left = this.#do(loop.body)
      if (left === 'break') return undefined
      if (left === 'return') return left
      if (loop.kind === 'for' && loop.step !== undefined) this.#do(loop.step)
    }
    return undefined
  }

  #forIn({ target, array, body }: Extract<Statement, { kind: 'for-in' }>): Left {
    const items = this.#evaluator.items(array)
    this.#machine.charge(items.size << 4)
    for (const key of [...items.keys()]) {
      if (!items.has(key)) continue
      this.#evaluator.write(target, key)
      const left = this.#do(body)
      if (left === 'break') return undefined
      if (left === 'return') return left
    }
    return undefined
  }
}
