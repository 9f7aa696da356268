/**
 * What is not well-formed, in words for the person who wrote it: what the parser noticed, where the mistake was made
 * rather than where it came to light, and what to do next.
 */
import { type Document, isCollection, isScalar, visit, type YAMLError } from 'yaml'
import { FILE_PROBLEMS_MAX } from './limits.ts'
import type { Problem } from './problem.ts'
import type { SourceText, Span } from './source-text.ts'

/** What version control leaves in a file where two people changed the same lines. */
const CONFLICT = /^<{7} .*$/m

interface Explanation {
  /** Of the parser's message. */
  readonly when: RegExp
  readonly message: string
  readonly hint: string
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    when: /^Tabs are not allowed/,
    message: 'expected blanks as indentation, got a tab',
    hint: 'indent with blanks',
  },
  {
    when: /^All (mapping|sequence) items must start at the same column/,
    message: 'expected the indentation of the entries before',
    hint: 'begin it in the same column as its siblings',
  },
  {
    when: /^(Implicit keys need to be on a single line|Implicit map keys need to be followed)/,
    message: 'expected a key with ":" behind it, got a line without',
    hint: 'write key: value, or indent the line if it belongs to the value above',
  },
  {
    when: /^Nested mappings are not allowed in compact mappings/,
    message: 'expected one value, got a second ": " in it',
    hint: 'put the value in quotes',
  },
  {
    when: /^Plain value cannot start with/,
    message: 'expected a value, got a character that no plain value begins with',
    hint: 'put the value in quotes',
  },
  {
    when: /^Invalid escape sequence/,
    message: 'expected an escape that YAML has',
    hint: 'double the backslash, or put the text in single quotes',
  },
  {
    when: /^Unexpected .* at node end/,
    message: 'expected the end of the value, got more behind it',
    hint: 'put the whole value in quotes',
  },
  {
    when: /^Missing closing .*quote/,
    message: 'expected a closing quote, got none',
    hint: 'close the quote that is opened here',
  },
  {
    when: /^(Flow (map|sequence) in block collection must be|(Expected )?flow (map|sequence) (must|to) end with)/i,
    message: 'expected a closing bracket, got none',
    hint: 'close the bracket that is opened here',
  },
  {
    when: /^Missing , /,
    message: 'expected "," between two entries',
    hint: 'add a comma, or put a value with blanks or colons in quotes',
  },
]

const LEFT_OVER = /^expected the end of the value|: unexpected /

/** A conflict that nobody has settled is one mistake, however many lines of it do not parse. */
export function conflictProblem(source: SourceText): Problem | undefined {
  const match = CONFLICT.exec(source.text)
  if (match === null) return undefined
  return source.problem(
    { start: match.index, end: match.index + match[0].length },
    {
      layer: 'syntax',
      code: 'YamlSyntax',
      message: 'expected YAML, got the marks of a merge conflict',
      hint: 'keep one side, and remove the lines with <<<<<<<, ======= and >>>>>>>',
    },
  )
}

export function syntaxProblems(source: SourceText, document: Document.Parsed): readonly Problem[] {
  const conflict = conflictProblem(source)
  if (conflict !== undefined) return [conflict]
  const problems = document.errors
    .slice(0, FILE_PROBLEMS_MAX)
    .map((error) => syntaxProblem(source, document, error))
  // Behind a mistake a line has pieces that nothing expects: they are no mistakes of their own.
  return problems.filter(
    ({ line, message }, index) =>
      !LEFT_OVER.test(message) || problems.findIndex((other) => other.line === line) === index,
  )
}

function syntaxProblem(source: SourceText, document: Document.Parsed, error: YAMLError): Problem {
  const [start, end] = error.pos
  const said = EXPLANATIONS.find(({ when }) => when.test(error.message))
  const base = { layer: 'syntax', code: 'YamlSyntax' } as const
  if (said === undefined) {
    return source.problem({ start, end }, { ...base, message: sentence(error.message) })
  }
  const { message, hint } = said
  return source.problem(openedAt(source, document, said, start) ?? shown(source, { start, end }), {
    ...base,
    message,
    hint,
  })
}

/** A line break or an end is nothing to look at: its caret goes to what stands behind the blanks. */
function shown({ text }: SourceText, { start, end }: Span): Span {
  const blank = /[ ]*/y
  blank.lastIndex = start
  const from = start + (blank.exec(text)?.[0].length ?? 0)
  return from < end || /\S/.test(text[from] ?? '')
    ? { start: from, end: Math.max(end, from + 1) }
    : { start, end }
}

/** What is not closed is noticed where something else begins, but a person has to look where it was opened. */
function openedAt(
  source: SourceText,
  document: Document.Parsed,
  { hint }: Explanation,
  offset: number,
): Span | undefined {
  if (!hint.startsWith('close')) return undefined
  let found: Span | undefined
  visit(document, (_key, node) => {
    if (!(isScalar(node) || isCollection(node))) return
    const [start = 0, end = 0] = node.range ?? []
    if (start > offset || offset > end || !/["'{[]/.test(source.text[start] ?? '')) return
    found = { start, end: start + 1 }
  })
  return found
}

function sentence(message: string): string {
  const [line = ''] = message.split('\n')
  return `expected well-formed YAML: ${line.charAt(0).toLowerCase()}${line.slice(1)}`
}
