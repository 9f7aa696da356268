/** Whole mappings: statements, maps, imports, or a single query, which assigns the root. */
import { Cursor, type Position, SyntaxProblem } from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import { atString, parseString } from './parse-literal.ts'
import type {
  Body,
  Expression,
  IfStatement,
  MapDefinition,
  MappingTree,
  NamedFile,
  Statement,
} from './tree.ts'

export function parseMapping(text: string): MappingTree {
  const cursor = new Cursor(text)
  cursor.skipBlank()
  if (cursor.atEnd) cursor.fail('at least one statement or a query')
  const start = cursor.at
  if (looksLikeFrom(cursor)) return parseFrom(cursor)
  if (!looksLikeStatement(cursor)) return parseSingleQuery(cursor)
  try {
    return parseStatements(cursor)
  } catch (thrown) {
    // Only `if` begins both a statement and a query; whoever read further is right, and tells the problem.
    if (!(thrown instanceof SyntaxProblem) || !text.startsWith('if', start)) throw thrown
    return parseInstead(new Cursor(text), start, thrown)
  }
}

function parseInstead(
  cursor: Cursor,
  start: Position,
  statementProblem: SyntaxProblem,
): MappingTree {
  cursor.at = start
  try {
    return parseSingleQuery(cursor)
  } catch (thrown) {
    if (thrown instanceof SyntaxProblem && thrown.at > statementProblem.at) throw thrown
    throw statementProblem
  }
}

function parseSingleQuery(cursor: Cursor): MappingTree {
  const at = cursor.at
  const value = parseExpression(cursor)
  const end = cursor.at
  const newline = cursor.skipBlank()
  if (!cursor.atEnd) {
    const hint = newline
      ? 'A mapping is one query, or statements such as `root = this`. A line cannot begin with a dot or an operator.'
      : undefined
    cursor.fail('the end of the query', cursor.at, hint)
  }
  return {
    maps: [],
    imports: [],
    replacement: undefined,
    statements: [{ kind: 'root', path: [], value, at, end }],
    comments: cursor.comments,
    isQuery: true,
    surprises: cursor.surprises,
  }
}

function looksLikeFrom(cursor: Cursor): boolean {
  return /from[ \t]+"/y.test(cursor.text.slice(cursor.at, cursor.at + 200))
}

function parseFrom(cursor: Cursor): MappingTree {
  const at = cursor.at
  cursor.takeKeyword('from')
  cursor.skipSpaces()
  const path = parseString(cursor)
  const end = cursor.at
  cursor.skipBlank()
  if (!cursor.atEnd) cursor.fail('nothing else beside `from`')
  return {
    maps: [],
    imports: [],
    statements: [],
    replacement: { path, at, end },
    comments: cursor.comments,
    isQuery: false,
    surprises: [],
  }
}

function parseStatements(cursor: Cursor): MappingTree {
  const maps: MapDefinition[] = []
  const imports: NamedFile[] = []
  const statements: Statement[] = []
  for (;;) {
    const at = cursor.at
    if (isKeyword(cursor, 'map')) maps.push(parseMap(cursor))
    else if (isKeyword(cursor, 'import')) {
      cursor.at += 'import'.length
      cursor.skipSpaces()
      imports.push({ path: parseString(cursor), at, end: cursor.at })
    } else statements.push(parseStatement(cursor, true))
    const newline = cursor.skipBlank()
    if (cursor.atEnd) {
      const { comments, surprises } = cursor
      const replacement = undefined
      return { maps, imports, statements, replacement, comments, isQuery: false, surprises }
    }
    if (!newline)
      cursor.fail('the end of the line', cursor.at, 'Each statement stands on a line of its own.')
  }
}

function parseMap(cursor: Cursor): MapDefinition {
  const at = cursor.at
  cursor.at += 'map'.length
  cursor.skipSpaces()
  const name = parseName(cursor, 'the name of the map')
  cursor.skipSpaces()
  return { name, body: parseBody(cursor, false), at, end: cursor.at }
}

function parseBody(cursor: Cursor, metaAllowed: boolean): Body {
  return cursor.nested(() => {
    cursor.skipBlank()
    const at = cursor.at
    cursor.expect('{')
    cursor.skipBlank()
    const statements: Statement[] = []
    while (!cursor.take('}')) {
      statements.push(parseStatement(cursor, metaAllowed))
      const newline = cursor.skipBlank()
      if (!newline && cursor.peek() !== '}') cursor.fail('the end of the line or `}`')
    }
    return { statements, at, end: cursor.at }
  })
}

function parseStatement(cursor: Cursor, metaAllowed: boolean): Statement {
  const at = cursor.at
  if (isKeyword(cursor, 'if')) return parseIfStatement(cursor, metaAllowed)
  if (isKeyword(cursor, 'let')) {
    cursor.at += 'let'.length
    cursor.skipSpaces()
    const name = parseName(cursor, 'the name of a variable')
    return { kind: 'let', name, value: parseAssigned(cursor), at, end: cursor.at }
  }
  if (isKeyword(cursor, 'meta')) {
    if (!metaAllowed) {
      throw new SyntaxProblem(
        at,
        'expected no `meta` within a map: a map makes a value, and has no message',
        undefined,
      )
    }
    cursor.at += 'meta'.length
    const behind = cursor.at
    cursor.skipSpaces()
    const name = cursor.peek() === '=' ? undefined : parseName(cursor, 'a metadata key or `=`')
    if (name === undefined) cursor.at = behind
    return { kind: 'meta', name, value: parseAssigned(cursor), at, end: cursor.at }
  }
  const path = parseTarget(cursor)
  return { kind: 'root', path, value: parseAssigned(cursor), at, end: cursor.at }
}

function parseTarget(cursor: Cursor): readonly string[] {
  const start = cursor.at
  if (/[@$]/.test(cursor.peek())) {
    const hint =
      cursor.peek() === '$'
        ? 'Set a variable with `let name = …`.'
        : 'Write metadata with `meta name = …`.'
    cursor.fail('a statement', start, hint)
  }
  if (atString(cursor))
    cursor.fail('a statement', start, 'A quoted name cannot come first: write `root."name" = …`.')
  const first = cursor.takeWord('a statement such as `root.name = …`')
  const path = first === 'root' ? [] : [first]
  while (cursor.peek() === '.') {
    cursor.at++
    path.push(atString(cursor) ? parseString(cursor) : cursor.takeWord('a field name after `.`'))
  }
  if (first === 'this' || first === 'meta') noteTarget(cursor, start, first)
  return path
}

function noteTarget(cursor: Cursor, at: Position, first: 'this' | 'meta'): void {
  const wish = first === 'meta' ? 'meta name = …' : 'root.name = …'
  cursor.note({
    at,
    message: `this assigns a field named "${first}" of the new document`,
    hint: `Write \`${wish}\`, or \`root.${first}\` if that is what is meant.`,
  })
}

function parseName(cursor: Cursor, expected: string): string {
  return atString(cursor) ? parseString(cursor) : cursor.takeWord(expected)
}

function parseAssigned(cursor: Cursor): Expression {
  const before = cursor.skipSpaces()
  const at = cursor.at
  if (cursor.peek() !== '=' || cursor.peek(1) === '=') cursor.fail('`=`')
  cursor.at++
  const after = cursor.skipBlank() || cursor.at > at + 1
  if (!before || !after) {
    throw new SyntaxProblem(
      at,
      'expected a space on both sides of `=`',
      'a space on both sides of `=`',
    )
  }
  return parseExpression(cursor)
}

function parseIfStatement(cursor: Cursor, metaAllowed: boolean): IfStatement {
  const at = cursor.at
  const branches: { condition: Expression; body: Body }[] = []
  let otherwise: Body | undefined
  cursor.takeKeyword('if')
  for (;;) {
    cursor.skipBlank()
    const condition = parseExpression(cursor)
    branches.push({ condition, body: parseBody(cursor, metaAllowed) })
    const before = cursor.at
    cursor.skipBlank()
    if (!cursor.takeKeyword('else')) {
      cursor.at = before
      break
    }
    cursor.skipBlank()
    if (!cursor.takeKeyword('if')) {
      otherwise = parseBody(cursor, metaAllowed)
      break
    }
  }
  return { kind: 'if', branches, otherwise, at, end: cursor.at }
}

/** A keyword that begins a statement, rather than a field or a function of that name. */
function isKeyword(cursor: Cursor, keyword: string): boolean {
  if (cursor.peekWord() !== keyword) return false
  const rest = cursor.text.slice(cursor.at + keyword.length, cursor.at + keyword.length + 200)
  if (keyword === 'meta')
    return /^[ \t]+(=(?!=)|"|[A-Za-z0-9_]+[ \t]*=(?!=))/.test(rest) || /^[ \t]*=(?!=)/.test(rest)
  return /^[ \t]+[^ \t=.]/.test(rest) || (keyword === 'if' && /^\s*[({!]/.test(rest))
}

const ASSIGNMENT = /[A-Za-z0-9_]+(\.([A-Za-z0-9_]+|"([^"\\\n]|\\.)*"))*[ \t]*=(?!=)/y

function looksLikeStatement(cursor: Cursor): boolean {
  if (['let', 'map', 'import', 'meta', 'if'].some((keyword) => isKeyword(cursor, keyword)))
    return true
  ASSIGNMENT.lastIndex = cursor.at
  return (
    ASSIGNMENT.test(cursor.text) ||
    /[@$][A-Za-z0-9_]*[ \t]+=(?!=)/y.test(cursor.text.slice(cursor.at, cursor.at + 200))
  )
}
