/**
 * Queries: from text to tree.
 *
 * Precedence has four levels, all left-associative, and two surprises that compatibility wants: `|` binds as tightly
 * as `*`, and `&&` and `||` bind alike.
 */
import { type Cursor, type Position, SyntaxProblem, TREE_HEIGHT_MAX } from './cursor.ts'
import { parseIf, parseMatch } from './parse-branch.ts'
import { atString, parseNumber, parseString } from './parse-literal.ts'
import type { Argument, BinaryOperator, Expression } from './tree.ts'

/** Longer operators first: `>=` would otherwise read as `>`. */
const OPERATORS: readonly BinaryOperator[] = [
  '==',
  '!=',
  '>=',
  '<=',
  '&&',
  '||',
  '>',
  '<',
  '*',
  '/',
  '%',
  '|',
  '+',
  '-',
]

const LEVELS: readonly ReadonlySet<BinaryOperator>[] = [
  new Set<BinaryOperator>(['*', '/', '%', '|']),
  new Set<BinaryOperator>(['+', '-']),
  new Set<BinaryOperator>(['==', '!=', '>', '>=', '<', '<=']),
  new Set<BinaryOperator>(['&&', '||']),
]

export function parseExpression(cursor: Cursor): Expression {
  return cursor.nested(() => {
    const terms = [parseTerm(cursor)]
    const operators: { operator: BinaryOperator; at: Position }[] = []
    for (;;) {
      const before = cursor.at
      cursor.skipSpaces()
      const at = cursor.at
      const operator = OPERATORS.find((symbol) => cursor.looksAt(symbol))
      if (operator === undefined || cursor.looksAt('->')) {
        cursor.at = before
        break
      }
      cursor.at += operator.length
      cursor.skipBlank()
      operators.push({ operator, at })
      terms.push(parseTerm(cursor))
    }
    noteMixedLogic(cursor, operators)
    noteTightFallback(cursor, operators)
    return combine(terms, operators)
  })
}

/** Elsewhere `&&` binds tighter than `||`; where it comes first both ways mean the same. */
function noteMixedLogic(
  cursor: Cursor,
  operators: readonly { operator: BinaryOperator; at: Position }[],
): void {
  const or = operators.findIndex(({ operator }) => operator === '||')
  const and = or < 0 ? undefined : operators.slice(or).find(({ operator }) => operator === '&&')
  if (and === undefined) return
  cursor.note({
    at: and.at,
    message: '`&&` and `||` bind alike, from left to right: `a || b && c` is `(a || b) && c`',
    hint: 'Write brackets around what belongs together.',
  })
}

/** Whoever writes `a + b | c` mostly means a fallback for the sum. */
function noteTightFallback(
  cursor: Cursor,
  operators: readonly { operator: BinaryOperator; at: Position }[],
): void {
  const looser = operators.findIndex(({ operator }) => !LEVELS[0]?.has(operator))
  const fallback =
    looser < 0 ? undefined : operators.slice(looser).find(({ operator }) => operator === '|')
  if (fallback === undefined) return
  const { operator } = operators[looser] as { operator: BinaryOperator }
  cursor.note({
    at: fallback.at,
    message: `\`|\` binds as tightly as \`*\`: \`a ${operator} b | c\` is \`a ${operator} (b | c)\``,
    hint: 'Write brackets around what belongs together.',
  })
}

function combine(
  terms: readonly Expression[],
  operators: readonly { operator: BinaryOperator; at: Position }[],
): Expression {
  let operands = terms
  let between = operators
  for (const level of LEVELS) {
    const nextOperands: Expression[] = [operands[0] as Expression]
    const nextBetween: { operator: BinaryOperator; at: Position }[] = []
    between.forEach((entry, index) => {
      const right = operands[index + 1] as Expression
      const left = nextOperands.at(-1) as Expression
      if (level.has(entry.operator)) {
        nextOperands[nextOperands.length - 1] = {
          kind: 'binary',
          operator: entry.operator,
          left,
          right,
          at: entry.at,
          height: heightOver(entry.at, [left, right]),
        }
      } else {
        nextOperands.push(right)
        nextBetween.push(entry)
      }
    })
    operands = nextOperands
    between = nextBetween
  }
  return operands[0] as Expression
}

/** One more than the highest of the parts. */
export function heightOver(at: Position, parts: readonly (Expression | undefined)[]): number {
  let height = 0
  for (const part of parts) if (part !== undefined && part.height > height) height = part.height
  if (height >= TREE_HEIGHT_MAX) {
    throw new SyntaxProblem(
      at,
      `expected a query of at most ${TREE_HEIGHT_MAX} steps`,
      undefined,
      'Give parts a name with `let`.',
    )
  }
  return height + 1
}

function parseTerm(cursor: Cursor): Expression {
  const at = cursor.at
  const operator = cursor.peek()
  if (operator !== '!' && operator !== '-') return parseTail(cursor, parsePrimary(cursor))
  cursor.at++
  cursor.skipSpaces()
  // Both wrap the whole chain of methods that follows.
  const operand = cursor.nested(() => parseTerm(cursor))
  return { kind: 'unary', operator, operand, at, height: heightOver(at, [operand]) }
}

function parseTail(cursor: Cursor, primary: Expression): Expression {
  let target = primary
  while (cursor.peek() === '.') {
    const dot = cursor.at
    cursor.at++
    cursor.skipBlank()
    const at = cursor.at
    const height = heightOver(dot, [target])
    if (cursor.take('(')) {
      cursor.skipBlank()
      const query = parseExpression(cursor)
      closeWith(cursor, ')', at)
      target = { kind: 'bracket', target, query, at, height: heightOver(at, [target, query]) }
    } else if (atString(cursor)) {
      target = { kind: 'field', target, name: parseString(cursor), at, height }
    } else {
      const name = cursor.takeWord('a field name, a method or a bracket after `.`')
      if (cursor.peek() !== '(') target = { kind: 'field', target, name, at, height }
      else {
        const parameters = parseArguments(cursor)
        target = {
          kind: 'method',
          target,
          name,
          arguments: parameters,
          at,
          height: heightOfCall(at, parameters, target),
        }
      }
    }
  }
  return target
}

function heightOfCall(at: Position, parameters: readonly Argument[], target?: Expression): number {
  return heightOver(at, [target, ...parameters.map((argument) => argument.value)])
}

function parsePrimary(cursor: Cursor): Expression {
  const at = cursor.at
  const character = cursor.peek()
  switch (character) {
    case '"':
      return { kind: 'literal', value: parseString(cursor), at, height: 1 }
    case '[':
      return parseArray(cursor)
    case '{':
      return parseObject(cursor)
    case '(':
      return parseGroup(cursor)
    case '$':
      cursor.at++
      return { kind: 'variable', name: cursor.takeWord('a variable name after `$`'), at, height: 1 }
    case '@':
      cursor.at++
      return { kind: 'metadata', name: parseMetadataName(cursor), at, height: 1 }
  }
  if (character >= '0' && character <= '9') {
    return { kind: 'literal', value: parseNumber(cursor), at, height: 1 }
  }
  return parseWord(cursor)
}

function parseMetadataName(cursor: Cursor): string {
  if (atString(cursor)) return parseString(cursor)
  // `@.name` reads as `@name`.
  if (cursor.peek() === '.' && /[A-Za-z0-9_]/.test(cursor.peek(1)) && !isCall(cursor, 1))
    cursor.at++
  const name = cursor.peekWord()
  cursor.at += name.length
  return name
}

function isCall(cursor: Cursor, offset: number): boolean {
  let index = cursor.at + offset
  while (/[A-Za-z0-9_]/.test(cursor.text[index] ?? '')) index++
  return cursor.text[index] === '('
}

function parseWord(cursor: Cursor): Expression {
  const at = cursor.at
  const word = cursor.peekWord()
  if (word === '') cursor.fail('a query')
  if (word === 'if') return parseIf(cursor)
  if (word === 'match') return parseMatch(cursor)
  cursor.at += word.length
  if (cursor.peek() === '(') {
    const parameters = parseArguments(cursor)
    return {
      kind: 'function',
      name: word,
      arguments: parameters,
      at,
      height: heightOfCall(at, parameters),
    }
  }
  if (word === 'true' || word === 'false')
    return { kind: 'literal', value: word === 'true', at, height: 1 }
  if (word === 'null') return { kind: 'literal', value: null, at, height: 1 }
  const end = cursor.at
  cursor.skipSpaces()
  if (!cursor.take('->')) {
    cursor.at = end
    const kind = word === 'this' || word === 'root' ? word : 'word'
    return { kind, name: word, at, height: 1 }
  }
  if (word === 'this' || word === 'root') {
    throw new SyntaxProblem(at, `expected a name of its own before \`->\`, got \`${word}\``)
  }
  cursor.skipBlank()
  const body = parseExpression(cursor)
  return { kind: 'lambda', parameter: word, body, at, height: heightOver(at, [body]) }
}

function parseGroup(cursor: Cursor): Expression {
  const open = cursor.at
  cursor.expect('(')
  cursor.skipBlank()
  const inner = parseExpression(cursor)
  closeWith(cursor, ')', open)
  return inner
}

function closeWith(cursor: Cursor, symbol: string, open: Position): void {
  cursor.skipBlank()
  if (!cursor.take(symbol)) {
    if (cursor.atEnd)
      cursor.fail(`\`${symbol}\``, cursor.at, `\`${cursor.text[open]}\` is still open.`)
    cursor.fail(`\`${symbol}\``)
  }
}

/** Items between brackets, parted by commas; a comma may follow the last one. */
function parseList<T>(cursor: Cursor, close: string, parseItem: () => T): T[] {
  const open = cursor.at
  cursor.at++
  const items: T[] = []
  for (;;) {
    cursor.skipBlank()
    if (cursor.take(close)) return items
    items.push(parseItem())
    cursor.skipBlank()
    if (cursor.take(close)) return items
    if (!cursor.take(',')) {
      const hint = cursor.atEnd ? `\`${cursor.text[open]}\` is still open.` : undefined
      cursor.fail(`\`,\` or \`${close}\``, cursor.at, hint)
    }
  }
}

function parseArray(cursor: Cursor): Expression {
  const at = cursor.at
  const items = parseList(cursor, ']', () => parseExpression(cursor))
  return { kind: 'array', items, at, height: heightOver(at, [...items]) }
}

function parseObject(cursor: Cursor): Expression {
  const at = cursor.at
  const entries = parseList(cursor, '}', () => {
    const key = parseExpression(cursor)
    cursor.skipBlank()
    cursor.expect(':')
    cursor.skipBlank()
    return { key, value: parseExpression(cursor) }
  })
  return {
    kind: 'object',
    entries,
    at,
    height: heightOver(at, [...entries.flatMap(({ key, value }) => [key, value])]),
  }
}

function parseArguments(cursor: Cursor): readonly Argument[] {
  const parsed = parseList(cursor, ')', () => parseArgument(cursor))
  const named = parsed.filter((argument) => argument.name !== undefined)
  const first = parsed[0]
  if (first !== undefined && named.length > 0 && named.length < parsed.length) {
    throw new SyntaxProblem(
      first.at,
      'expected arguments that are all named or all positional, got both',
    )
  }
  return parsed
}

const NAMED = /([A-Za-z_][A-Za-z0-9_]*)[ \t]*:/y

function parseArgument(cursor: Cursor): Argument {
  const at = cursor.at
  NAMED.lastIndex = at
  const match = NAMED.exec(cursor.text)
  if (match === null) return { name: undefined, value: parseExpression(cursor), at }
  cursor.at += match[0].length
  cursor.skipBlank()
  return { name: match[1], value: parseExpression(cursor), at }
}
