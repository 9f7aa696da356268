/**
 * Queries: from tree to text.
 *
 * Brackets stand where the tree needs them, and where only somebody who knows the precedence by heart would not: around
 * `|` beside another operator, and between `&&` and `||`. Where a list, a block or a chain goes over lines is its
 * writer's choice, which is taken from the text that the tree was parsed from; without one everything is on one line.
 */
import { formatFloat } from '../values/format-float.ts'
import { IntegralFloat, type Value } from '../values/value.ts'
import { Cursor } from './cursor.ts'
import { parseNumber, parseString } from './parse-literal.ts'
import type { Argument, BinaryOperator, Expression, FieldExpression } from './tree.ts'

export interface Printing {
  /** The text that the tree was parsed from, when it was. */
  readonly source: string | undefined
}

export const INDENT = '  '

export function printExpression(printing: Printing, expression: Expression, depth: number): string {
  const print = (part: Expression): string => printExpression(printing, part, depth)
  switch (expression.kind) {
    case 'literal':
      return printLiteral(printing, expression.value, expression.at)
    case 'this':
    case 'root':
    case 'word':
      return expression.name
    case 'variable':
      return `$${expression.name}`
    case 'metadata':
      return `@${expression.name === '' ? '' : printName(expression.name)}`
    case 'field':
      return `${printFieldTarget(printing, expression, depth)}${dot(printing, expression, depth)}${printName(expression.name)}`
    case 'method': {
      const { target, name, arguments: given } = expression
      const listed = printArguments(printing, given, expression.at + name.length, depth)
      return `${printTarget(printing, target, depth)}${dot(printing, expression, depth)}${name}${listed}`
    }
    case 'function': {
      const { name, arguments: given } = expression
      return `${name}${printArguments(printing, given, expression.at + name.length, depth)}`
    }
    case 'bracket':
      return `${printTarget(printing, expression.target, depth)}.(${print(expression.query)})`
    case 'lambda':
      return `${expression.parameter} -> ${print(expression.body)}`
    case 'unary':
      return `${expression.operator}${printOperand(printing, expression.operand, depth)}`
    case 'binary':
      return printBinary(printing, expression, depth)
    case 'array':
      return printList(printing, '[', ']', expression.at, expression.items, depth, (item, inner) =>
        printExpression(printing, item, inner),
      )
    case 'object':
      return printObject(printing, expression, depth)
    case 'if':
      return printIf(printing, expression, depth)
    case 'match':
      return printMatch(printing, expression, depth)
  }
}

const WORD = /^[A-Za-z0-9_]+$/

export function printName(name: string): string {
  return WORD.test(name) ? name : printText(name)
}

/** As it was written, where that is known. */
function printLiteral({ source }: Printing, value: Value, at: number): string {
  if (
    source !== undefined &&
    (typeof value === 'string' ||
      typeof value === 'number' ||
      value instanceof IntegralFloat ||
      typeof value === 'bigint')
  ) {
    const cursor = new Cursor(source)
    cursor.at = at
    if (typeof value === 'string') parseString(cursor)
    else parseNumber(cursor)
    return source.slice(at, cursor.at)
  }
  if (typeof value === 'string') return printText(value)
  if (value instanceof IntegralFloat) return `${BigInt(value.value)}.0`
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : decimals(value)
  return String(value)
}

/** Without the exponent that formatting small numbers may give. */
function decimals(value: number): string {
  const text = formatFloat(value)
  if (!text.includes('e')) return text
  const [digits = '', exponent = '0'] = text.split('e')
  const [whole = '', fraction = ''] = digits.split('.')
  return `0.${'0'.repeat(-Number(exponent) - whole.length)}${whole}${fraction}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

export function printText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0')
    return ESCAPES[character] ?? `\\u${code}`
  })
  return `"${escaped}"`
}

/** What stands before a dot: anything but an operator, a lambda or a branch needs no brackets. */
function printTarget(printing: Printing, target: Expression, depth: number): string {
  const text = printExpression(printing, target, depth)
  return isOpen(target) ? `(${text})` : text
}

/** `5.0` is a number, and `@.name` a key of the metadata. */
function printFieldTarget(
  printing: Printing,
  { target, name }: FieldExpression,
  depth: number,
): string {
  const text = printTarget(printing, target, depth)
  const isNumber = target.kind === 'literal' && /^[0-9]+$/.test(text) && /^[0-9]/.test(name)
  const isMetadata = target.kind === 'metadata' && target.name === '' && WORD.test(name)
  return isNumber || isMetadata ? `(${text})` : text
}

/** What stands behind `!` or `-`. */
function printOperand(printing: Printing, operand: Expression, depth: number): string {
  const text = printExpression(printing, operand, depth)
  return isOpen(operand) && operand.kind !== 'unary' ? `(${text})` : text
}

function isOpen({ kind }: Expression): boolean {
  return ['binary', 'unary', 'lambda', 'if', 'match'].includes(kind)
}

const LEVELS: Readonly<Record<BinaryOperator, number>> = {
  '*': 0,
  '/': 0,
  '%': 0,
  '|': 0,
  '+': 1,
  '-': 1,
  '==': 2,
  '!=': 2,
  '>': 2,
  '>=': 2,
  '<': 2,
  '<=': 2,
  '&&': 3,
  '||': 3,
}

function printBinary(
  printing: Printing,
  { operator, left, right }: Extract<Expression, { kind: 'binary' }>,
  depth: number,
): string {
  const first = printSide(printing, operator, left, false, depth)
  if (!isOnNextLine(printing, startOf(right))) {
    return `${first} ${operator} ${printSide(printing, operator, right, true, depth)}`
  }
  const second = printSide(printing, operator, right, true, depth + 1)
  return `${first} ${operator}\n${INDENT.repeat(depth + 1)}${second}`
}

function printSide(
  printing: Printing,
  operator: BinaryOperator,
  side: Expression,
  isRight: boolean,
  depth: number,
): string {
  const text = printExpression(printing, side, depth)
  if (side.kind === 'unary') return text
  if (side.kind !== 'binary') return isOpen(side) ? `(${text})` : text
  return needsBrackets(operator, side.operator, isRight) ? `(${text})` : text
}

function needsBrackets(outer: BinaryOperator, inner: BinaryOperator, isRight: boolean): boolean {
  if (isRight ? LEVELS[inner] >= LEVELS[outer] : LEVELS[inner] > LEVELS[outer]) return true
  if (outer === inner) return false
  // Nobody has to know that `|` binds like `*`, and `&&` like `||`.
  return outer === '|' || inner === '|' || LEVELS[inner] === 3
}

/** Where the text of an expression begins, brackets around it aside. */
export function startOf(expression: Expression): number {
  switch (expression.kind) {
    case 'field':
    case 'method':
    case 'bracket':
      return startOf(expression.target)
    case 'binary':
      return startOf(expression.left)
    default:
      return expression.at
  }
}

/** Whether the writer began a line with what is at a place, or with brackets before it. */
function isOnNextLine({ source }: Printing, at: number): boolean {
  return source !== undefined && /\n[\s(]*$/.test(source.slice(Math.max(0, at - LOOK_BACK), at))
}

/** Deeper indented lines are joined. */
const LOOK_BACK = 400

function dot(
  printing: Printing,
  { at }: FieldExpression | Extract<Expression, { kind: 'method' }>,
  depth: number,
): string {
  return isOnNextLine(printing, at) ? `.\n${INDENT.repeat(depth + 1)}` : '.'
}

function printList<T>(
  printing: Printing,
  open: string,
  close: string,
  at: number,
  items: readonly T[],
  depth: number,
  print: (item: T, depth: number) => string,
): string {
  if (items.length === 0) return open + close
  if (!breaksAfter(printing, at)) {
    return `${open}${items.map((item) => print(item, depth)).join(', ')}${close}`
  }
  const inner = INDENT.repeat(depth + 1)
  const lines = items.map((item) => `${inner}${print(item, depth + 1)},\n`)
  return `${open}\n${lines.join('')}${INDENT.repeat(depth)}${close}`
}

/** Whether a line ends with the bracket at this place. */
function breaksAfter({ source }: Printing, at: number): boolean {
  return source !== undefined && /^.\s*?\n/.test(source.slice(at, at + LOOK_BACK))
}

function printObject(
  printing: Printing,
  { at, entries }: Extract<Expression, { kind: 'object' }>,
  depth: number,
): string {
  return printList(printing, '{', '}', at, entries, depth, ({ key, value }, inner) => {
    const name = printExpression(printing, key, inner)
    return `${name}: ${printExpression(printing, value, inner)}`
  })
}

function printArguments(
  printing: Printing,
  given: readonly Argument[],
  at: number,
  depth: number,
): string {
  return printList(printing, '(', ')', at, given, depth, ({ name, value }, inner) => {
    const text = printExpression(printing, value, inner)
    return name === undefined ? text : `${name}: ${text}`
  })
}

function printIf(
  printing: Printing,
  expression: Extract<Expression, { kind: 'if' }>,
  depth: number,
): string {
  const { branches, otherwise } = expression
  const first = branches[0]
  const isBroken = first !== undefined && isOnNextLine(printing, startOf(first.value))
  const block = (value: Expression): string => {
    if (!isBroken) return `{ ${printExpression(printing, value, depth)} }`
    const inner = printExpression(printing, value, depth + 1)
    return `{\n${INDENT.repeat(depth + 1)}${inner}\n${INDENT.repeat(depth)}}`
  }
  const parts = branches.map(
    ({ condition, value }) => `if ${printExpression(printing, condition, depth)} ${block(value)}`,
  )
  return [...parts, ...(otherwise === undefined ? [] : [block(otherwise)])].join(' else ')
}

function printMatch(
  printing: Printing,
  { subject, cases }: Extract<Expression, { kind: 'match' }>,
  depth: number,
): string {
  const head = subject === undefined ? 'match' : `match ${printSubject(printing, subject, depth)}`
  const first = cases[0]
  const start = first === undefined ? 0 : startOf(first.check ?? first.value)
  const isBroken = isOnNextLine(printing, first?.check === undefined ? start - CATCH_ALL : start)
  const inner = isBroken ? depth + 1 : depth
  const arms = cases.map(({ check, value }) => {
    const tested = check === undefined ? '_' : printExpression(printing, check, inner)
    return `${tested} => ${printExpression(printing, value, inner)}`
  })
  if (!isBroken) return `${head} { ${arms.join(', ')} }`
  const lines = arms.map((arm) => `${INDENT.repeat(inner)}${arm}\n`)
  return `${head} {\n${lines.join('')}${INDENT.repeat(depth)}}`
}

/** A brace behind `match` opens its cases. */
function printSubject(printing: Printing, subject: Expression, depth: number): string {
  const text = printExpression(printing, subject, depth)
  return text.startsWith('{') ? `(${text})` : text
}

/** The length of `_ => `, as one usually writes it. */
const CATCH_ALL = 5
