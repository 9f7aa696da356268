/** What expressions of awk come to. */
import { MappingError } from '../bloblang/mapping-error.ts'
import { Cell } from './cell.ts'
import { isName } from './expressions.ts'
import { BUILT_INS, lengthOf, replacement, seeded } from './functions.ts'
import { CALL_DEPTH_MAX, type Machine } from './machine.ts'
import type { Expression, Name, Program, Statement, Target } from './tree.ts'
import { type AwkValue, compareValues, fromInput, isTrue, numberOf } from './values.ts'

export class Evaluator {
  readonly machine: Machine
  readonly #program: Program
  /** Runs a body and gives what it returns. */
  readonly #run: (body: Statement) => AwkValue
  #random: () => number
  #seed = 0

  constructor(machine: Machine, program: Program, run: (body: Statement) => AwkValue) {
    this.machine = machine
    this.#program = program
    this.#run = run
    this.#random = machine.host.random
  }

  value(node: Expression): AwkValue {
    const { machine } = this
    machine.charge()
    switch (node.kind) {
      case 'number':
      case 'text':
        return node.value
      case 'regexp':
        return this.matches(machine.record.text(), node) ? 1 : 0
      case 'global':
      case 'local':
      case 'field':
      case 'element':
        return this.#read(node)
      case 'assign':
        return this.#assign(node)
      case 'step': {
        const before = numberOf(this.#read(node.target))
        this.write(node.target, before + node.by)
        return node.after ? before : before + node.by
      }
      case 'unary':
        return this.#unary(node.operator, this.value(node.operand))
      case 'binary':
        return this.#binary(node.operator, this.value(node.left), this.value(node.right))
      case 'and':
        return isTrue(this.value(node.left)) && isTrue(this.value(node.right)) ? 1 : 0
      case 'or':
        return isTrue(this.value(node.left)) || isTrue(this.value(node.right)) ? 1 : 0
      case 'match':
        return this.matches(this.text(node.left), node.right) !== node.negated ? 1 : 0
      case 'in':
        return this.items(node.array).has(this.key(node.subscripts)) ? 1 : 0
      case 'choice':
        return this.value(isTrue(this.value(node.condition)) ? node.yes : node.no)
      case 'getline':
        return this.#getline(node.target)
      case 'built-in':
        return this.#builtIn(node.name, node.given)
      case 'call':
        return this.#call(node.name, node.given)
      case 'list':
        throw new MappingError('expected one expression, got a list')
    }
  }

  text(node: Expression): string {
    return this.machine.text(this.value(node))
  }

  cell(name: Name): Cell {
    if (name.kind === 'global') return this.machine.global(name.name)
    return this.machine.locals[name.index] as Cell
  }

  items(name: Name): Map<string, AwkValue> {
    return this.cell(name).items(name.name)
  }

  key(subscripts: readonly Expression[]): string {
    const [first] = subscripts
    if (subscripts.length === 1 && first !== undefined) return this.text(first)
    const texts = subscripts.map((one) => this.text(one))
    return this.machine.bounded(texts.join(this.machine.special('SUBSEP')))
  }

  write(target: Target, value: AwkValue): void {
    const { machine } = this
    if (target.kind === 'element') {
      this.items(target.array).set(this.key(target.subscripts), value)
    } else if (target.kind === 'field') {
      const index = this.#index(target.index)
      if (index === 0) machine.record.set(machine.text(value))
      else machine.record.setField(index, value)
    } else {
      const cell = this.cell(target)
      if (cell.isArray) throw new MappingError(`expected ${target.name} to be no array`)
      if (target.kind === 'global') {
        if (target.name === 'NF') {
          machine.record.setCount(Math.trunc(numberOf(value)))
          return
        }
        if (target.name === 'FS') machine.record.part()
      }
      cell.value = value
    }
  }

  matches(text: string, pattern: Expression): boolean {
    this.machine.charge(text.length << 2)
    return this.machine.regexp(this.#pattern(pattern)).test(text)
  }

  #pattern(node: Expression): string {
    return node.kind === 'regexp' ? node.pattern : this.text(node)
  }

  #index(node: Expression): number {
    const index = Math.trunc(numberOf(this.value(node)))
    if (index >= 0) return index
    throw new MappingError(`expected a field from 0 on, got ${index}`)
  }

  #read(target: Target): AwkValue {
    if (target.kind === 'field') return this.machine.record.field(this.#index(target.index))
    if (target.kind === 'element') {
      const items = this.items(target.array)
      const key = this.key(target.subscripts)
      const value = items.get(key)
      // Whoever reads an element makes it.
      if (value === undefined && !items.has(key)) items.set(key, undefined)
      return value
    }
    if (target.kind === 'global' && target.name === 'NF') return this.machine.record.count()
    const cell = this.cell(target)
    if (cell.isArray) throw new MappingError(`expected ${target.name} to be no array`)
    return cell.value
  }

  #assign({ operator, target, value }: Extract<Expression, { kind: 'assign' }>): AwkValue {
    const given = this.value(value)
    const made =
      operator === '=' ? given : this.#binary(operator.slice(0, -1), this.#read(target), given)
    this.write(target, made)
    return made
  }

  #unary(operator: string, value: AwkValue): AwkValue {
    if (operator === '!') return isTrue(value) ? 0 : 1
    return operator === '-' ? -numberOf(value) : numberOf(value)
  }

  #binary(operator: string, left: AwkValue, right: AwkValue): AwkValue {
    const { machine } = this
    if (operator === 'join') return machine.bounded(machine.text(left) + machine.text(right))
    const [first, second] = [numberOf(left), numberOf(right)]
    switch (operator) {
      case '+':
        return first + second
      case '-':
        return first - second
      case '*':
        return first * second
      case '^':
        return first ** second
      case '/':
      case '%':
        if (second === 0) throw new MappingError('attempted to divide by zero')
        return operator === '/' ? first / second : first % second
    }
    return this.#compared(operator, left, right) ? 1 : 0
  }

  #compared(operator: string, left: AwkValue, right: AwkValue): boolean {
    const order = compareValues(left, right, (value) => {
      const text = this.machine.text(value)
      this.machine.charge(text.length)
      return text
    })
    if (operator === '==') return order === 0 || left === right
    if (operator === '!=') return order !== 0 && left !== right
    if (operator === '<') return order < 0
    if (operator === '<=') return order <= 0
    return operator === '>' ? order > 0 : order >= 0
  }

  #getline(target: Target | undefined): AwkValue {
    const record = this.machine.read()
    if (record === undefined) return 0
    if (target === undefined) this.machine.record.set(record)
    else this.write(target, fromInput(record))
    return 1
  }

  #builtIn(name: string, given: readonly Expression[]): AwkValue {
    const { machine } = this
    const plain = BUILT_INS[name]
    if (plain !== undefined)
      return plain(
        machine,
        given.map((one) => this.value(one)),
      )
    switch (name) {
      case 'length':
        return this.#length(given[0])
      case 'split':
        return this.#split(given)
      case 'match':
        return this.#match(given)
      case 'rand':
        return this.#random()
      case 'srand':
        return this.#srand(given[0])
      default:
        return this.#substitute(given, name === 'gsub')
    }
  }

  #length(given: Expression | undefined): number {
    if (isName(given) && this.cell(given).isArray) return this.items(given).size
    const text = given === undefined ? this.machine.record.text() : this.text(given)
    this.machine.charge(text.length)
    return lengthOf(text)
  }

  #srand(given: Expression | undefined): number {
    const before = this.#seed
    this.#seed = given === undefined ? this.machine.host.seconds() : numberOf(this.value(given))
    this.#random = seeded(this.#seed)
    return before
  }

  #split([value, array, separator]: readonly Expression[]): number {
    const { machine } = this
    const text = this.text(value as Expression)
    const parts =
      separator?.kind === 'regexp'
        ? machine.splitBy(text, separator.pattern)
        : machine.split(
            text,
            separator === undefined ? machine.special('FS') : this.text(separator),
          )
    const items = this.items(array as Name)
    items.clear()
    for (const part of parts) items.set(String(items.size + 1), fromInput(part))
    return parts.length
  }

  #match([value, pattern]: readonly Expression[]): number {
    const { machine } = this
    const text = this.text(value as Expression)
    machine.charge(text.length << 2)
    const [found] = machine.regexp(this.#pattern(pattern as Expression)).matches(text, 1)
    const start = found === undefined ? 0 : lengthOf(text.slice(0, found.start)) + 1
    machine.global('RSTART').value = start
    machine.global('RLENGTH').value =
      found === undefined ? -1 : lengthOf(text.slice(found.start, found.end))
    return start
  }

  #substitute([pattern, by, place]: readonly Expression[], all: boolean): number {
    const { machine } = this
    const expression = machine.regexp(this.#pattern(pattern as Expression))
    const written = this.text(by as Expression)
    const target: Target = (place as Target | undefined) ?? RECORD
    const text = machine.text(this.#read(target))
    machine.charge(text.length << 2)
    const found = expression.matches(text, all ? Number.POSITIVE_INFINITY : 1)
    if (found.length === 0) return 0
    let [made, from] = ['', 0]
    for (const { start, end } of found) {
      made += text.slice(from, start)
      made = machine.bounded(made + replacement(written, text.slice(start, end)))
      machine.charge(written.length)
      from = end
    }
    this.write(target, machine.bounded(made + text.slice(from)))
    return found.length
  }

  #call(name: string, given: readonly Expression[]): AwkValue {
    const { machine } = this
    const own = this.#program.functions.get(name)
    if (own === undefined) {
      const texts = given.map((one) => this.text(one))
      return machine.host.functions[name]?.(texts.map((text) => machine.bounded(text)))
    }
    const cells = own.parameters.map((_, index) => this.#handed(given[index]))
    const { locals } = machine
    if (machine.depth === CALL_DEPTH_MAX) {
      throw new MappingError(`functions called one another more than ${CALL_DEPTH_MAX} deep`)
    }
    machine.depth++
    machine.locals = cells
    const value = this.#run(own.body)
    machine.locals = locals
    machine.depth--
    return value
  }

  /** Arrays are handed on as they are, and values are copied. */
  #handed(given: Expression | undefined): Cell {
    if (given === undefined) return new Cell()
    if (isName(given)) {
      const cell = this.cell(given)
      if (cell.isArray) return cell
      const special = given.kind === 'global' && given.name === 'NF'
      if (cell.value === undefined && !special) return new Cell(undefined, cell)
    }
    return new Cell(this.value(given))
  }
}

const RECORD: Target = { kind: 'field', index: { kind: 'number', value: 0 } }
