/**
 * YAML text → documents as trees, with all that is wrong with their form. It does not know what a document means.
 */
import { Composer, CST, type Document, isMap, isScalar, Lexer, type ParsedNode, Parser } from 'yaml'
import {
  ALIASES_MAX,
  DOCUMENT_TOKENS_MAX,
  FILE_LIMITS,
  type FileLimits,
  LEVELS_MAX,
} from './limits.ts'
import type { Problem } from './problem.ts'
import type { SourceText, Span } from './source-text.ts'
import type { Tree } from './tree.ts'
import { syntaxProblems } from './yaml-syntax.ts'
import { YamlTree } from './yaml-tree.ts'

export interface ParsedFile {
  readonly documents: readonly ParsedDocument[]
  /** Of layer syntax; those of documents included. */
  readonly problems: readonly Problem[]
}

export interface ParsedDocument {
  /** Absent where the document did not parse. */
  readonly tree: Tree | undefined
  readonly problems: readonly Problem[]
}

/** Between a document's own stack entries and its levels: the document, a scalar, and one to spare. */
const STACK_SPARE = 3

export function parseYaml(source: SourceText, limits: FileLimits = FILE_LIMITS): ParsedFile {
  const { documents, problems } = compose(source, limits)
  return {
    documents,
    problems: [...documents.flatMap((document) => document.problems), ...problems],
  }
}

interface Composed {
  readonly documents: readonly ParsedDocument[]
  readonly problems: readonly Problem[]
}

/** Stops as soon as a limit is passed: the limits come before the work. */
function compose(
  source: SourceText,
  { documentsMax, tokensMax = DOCUMENT_TOKENS_MAX }: FileLimits,
): Composed {
  const composer = new Composer({
    strict: true,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const parser = new Parser()
  const documents: ParsedDocument[] = []
  const problems: Problem[] = []
  let tokens = 0
  let aliases = 0
  let before = ''
  let seen = 0
  let surplusAt: number | undefined
  // Turned into a tree at once: the parser's own form of it takes many times the memory.
  const add = (document: Document.Parsed): void => {
    const isOver = documents.length === documentsMax && !isEmpty(document)
    if (isOver || ++seen > 2 * documentsMax) surplusAt ??= document.range[0]
    else if (!isEmpty(document)) documents.push(toDocument(source, document))
  }
  try {
    for (const lexeme of new Lexer().lex(source.text)) {
      for (const token of parser.next(lexeme)) {
        for (const one of composer.next(token)) add(one as Document.Parsed)
        if (token.type === 'document') tokens = aliases = 0
      }
      // A scalar's text may begin with a star, too; its mark goes before it.
      if (lexeme.startsWith('*') && before !== CST.SCALAR) aliases++
      before = lexeme
      const limit = limitPassed(++tokens, tokensMax, aliases, parser.stack.length)
      if (limit !== undefined) {
        problems.push(passed(source, parser.offset, limit))
        return { documents, problems }
      }
      if (surplusAt !== undefined) break
    }
    for (const token of parser.end())
      for (const one of composer.next(token)) add(one as Document.Parsed)
    for (const one of composer.end()) add(one as Document.Parsed)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    problems.push(
      source.problem(spanAt(parser.offset), {
        layer: 'syntax',
        code: 'YamlSyntax',
        message: `expected YAML: ${message}`,
      }),
    )
  }
  if (surplusAt !== undefined) problems.push(tooMany(source, surplusAt, documentsMax))
  return { documents, problems }
}

function toDocument(source: SourceText, document: Document.Parsed): ParsedDocument {
  if (document.errors.length > 0) {
    return {
      tree: undefined,
      problems: syntaxProblems(source, document),
    }
  }
  const { contents } = document
  const strict = isMap(contents) && (hasKey(contents, 'apiVersion') || hasKey(contents, 'kind'))
  const converter = new YamlTree(source, document, strict)
  const tree = converter.convert(contents)
  const version = document.directives.yaml
  const problems =
    version.explicit === true && version.version !== '1.2'
      ? [
          source.problem(spanAt(source.text.indexOf('%YAML')), {
            layer: 'syntax',
            code: 'YamlRefused',
            message: `expected YAML 1.2, got ${version.version}`,
            hint: 'remove the %YAML line',
          }),
        ]
      : []
  return { tree, problems: [...problems, ...converter.problems] }
}

/** Nothing between two separators is no document, as kubectl has it. A written null is one. */
function isEmpty({ contents, errors }: Document.Parsed): boolean {
  if (errors.length > 0) return false
  if (contents === null) return true
  return isScalar(contents) && contents.value === null && (contents.source ?? '') === ''
}

function hasKey(contents: ParsedNode, name: string): boolean {
  return isMap(contents) && contents.items.some(({ key }) => isScalar(key) && key.value === name)
}

function tooMany(source: SourceText, offset: number, documentsMax: number): Problem {
  return source.problem(spanAt(offset), {
    layer: 'syntax',
    code: 'LimitExceeded',
    message: `expected at most ${documentsMax} documents in a file`,
    hint: 'split the file',
  })
}

function limitPassed(
  tokens: number,
  tokensMax: number,
  aliases: number,
  stack: number,
): string | undefined {
  if (tokens > tokensMax) return `${tokensMax} words and marks in a document`
  if (aliases > ALIASES_MAX) return `${ALIASES_MAX} aliases in a document`
  if (stack > LEVELS_MAX + STACK_SPARE) return `${LEVELS_MAX} levels`
  return undefined
}

function passed(source: SourceText, offset: number, limit: string): Problem {
  return source.problem(spanAt(offset), {
    layer: 'syntax',
    code: 'LimitExceeded',
    message: `expected at most ${limit}`,
    hint: 'split the document',
  })
}

function spanAt(start: number): Span {
  return { start, end: start + 1 }
}
