/**
 * Whole mappings in one form: spaces, indentation and blank lines are ours; comments, literals and the choice of lines
 * are their writer's. A statement with a comment in its midst is left as it was written.
 */
import { parseMapping } from './parse-mapping.ts'
import { INDENT, type Printing, printExpression, printName, printText } from './print-expression.ts'
import type { Body, Comment, IfStatement, MapDefinition, MappingTree, Statement } from './tree.ts'

/** Throws SyntaxProblem for a text that is no mapping. */
export function formatMapping(text: string): string {
  return printMapping(parseMapping(text), text)
}

/** `source` is the text that the tree was parsed from; without it a tree has no comments. */
export function printMapping(tree: MappingTree, source?: string): string {
  return new MappingPrinter(tree, source).print()
}

/** A statement, a map or a file's name, in the order of the text. */
type Item =
  | Statement
  | (MapDefinition & { readonly kind: 'map' })
  | {
      readonly kind: 'import' | 'from'
      readonly path: string
      readonly at: number
      readonly end: number
    }

class MappingPrinter {
  readonly #tree: MappingTree
  readonly #source: string | undefined
  readonly #printing: Printing
  readonly #comments: readonly Comment[]
  /** The first comment that is not printed yet. */
  #comment = 0
  #text = ''

  constructor(tree: MappingTree, source: string | undefined) {
    this.#tree = tree
    this.#source = source
    this.#printing = { source }
    this.#comments = source === undefined ? [] : tree.comments
  }

  print(): string {
    const { imports, maps, replacement, statements, isQuery } = this.#tree
    if (isQuery) this.#query(statements)
    else {
      const items: Item[] = [
        ...imports.map((one) => ({ ...one, kind: 'import' as const })),
        ...maps.map((one) => ({ ...one, kind: 'map' as const })),
        ...(replacement === undefined ? [] : [{ ...replacement, kind: 'from' as const }]),
        ...statements,
      ]
      if (this.#source !== undefined) items.sort((first, second) => first.at - second.at)
      this.#items(items, 0, this.#source?.length ?? 0)
    }
    return this.#text
  }

  #query(statements: readonly Statement[]): void {
    const [only] = statements
    if (only?.kind !== 'root') return
    this.#commentsBefore(only.at, 0, 0)
    this.#text += this.#hasCommentIn(only)
      ? this.#verbatim(only)
      : printExpression(this.#printing, only.value, 0)
    this.#commentBehind(only.end)
    this.#text += '\n'
    this.#commentsBefore(this.#source?.length ?? 0, only.end, 0)
  }

  /** Items with the comments among them, each on lines of its own; `end` is where their block ends. */
  #items(items: readonly Item[], depth: number, end: number): void {
    let behind = -1
    for (const item of items) {
      behind = this.#commentsBefore(item.at, behind, depth)
      this.#blankLine(behind, item.at)
      this.#text += INDENT.repeat(depth)
      this.#item(item, depth)
      this.#commentBehind(item.end)
      this.#text += '\n'
      behind = item.end
    }
    this.#commentsBefore(end, behind, depth)
  }

  #item(item: Item, depth: number): void {
    switch (item.kind) {
      case 'import':
      case 'from':
        this.#text += `${item.kind} ${printText(item.path)}`
        return
      case 'map':
        this.#text += `map ${printName(item.name)} `
        this.#body(item.body, depth)
        return
      case 'if':
        this.#ifStatement(item, depth)
        return
    }
    if (this.#hasCommentIn(item)) {
      this.#text += this.#verbatim(item)
      return
    }
    this.#text += `${this.#targetText(item)} = ${printExpression(this.#printing, item.value, depth)}`
  }

  #ifStatement({ branches, otherwise, at, end }: IfStatement, depth: number): void {
    // A comment between a condition and its block has no place of its own.
    const bodies = [
      ...branches.map(({ body }) => body),
      ...(otherwise === undefined ? [] : [otherwise]),
    ]
    const isOutside = (comment: Comment): boolean =>
      bodies.every((body) => comment.at < body.at || comment.at > body.end)
    if (this.#commentsWithin(at, end).some(isOutside)) {
      this.#text += this.#verbatim({ at, end })
      return
    }
    for (const [index, { condition, body }] of branches.entries()) {
      if (index > 0) this.#text += ' else '
      this.#text += `if ${printExpression(this.#printing, condition, depth)} `
      this.#body(body, depth)
    }
    if (otherwise === undefined) return
    this.#text += ' else '
    this.#body(otherwise, depth)
  }

  #body({ statements, at, end }: Body, depth: number): void {
    if (statements.length === 0 && this.#commentsWithin(at, end).length === 0) {
      this.#text += '{}'
      return
    }
    this.#text += '{\n'
    this.#items(statements, depth + 1, end)
    this.#text += `${INDENT.repeat(depth)}}`
  }

  #commentsWithin(at: number, end: number): readonly Comment[] {
    return this.#comments.filter((comment) => comment.at >= at && comment.at < end)
  }

  #hasCommentIn({ at, end }: Comment): boolean {
    return this.#commentsWithin(at, end).length > 0
  }

  /** As it was written. Its comments are printed with it. */
  #verbatim({ at, end }: Comment): string {
    while ((this.#comments[this.#comment]?.at ?? Number.POSITIVE_INFINITY) < end) this.#comment++
    return (this.#source ?? '').slice(at, end)
  }

  /** Prints the comments before a place, each on its line. Answers where the last of them, or what was before, ends. */
  #commentsBefore(place: number, behind: number, depth: number): number {
    let last = behind
    for (;;) {
      const comment = this.#comments[this.#comment]
      if (comment === undefined || comment.at >= place) return last
      this.#comment++
      this.#blankLine(last, comment.at)
      this.#text += `${INDENT.repeat(depth)}${this.#commentText(comment)}\n`
      last = comment.end
    }
  }

  /** The comment that ends the line of what was just printed. */
  #commentBehind(end: number): void {
    const comment = this.#comments[this.#comment]
    if (comment === undefined || this.#source === undefined) return
    if (comment.at < end || this.#source.slice(end, comment.at).includes('\n')) return
    this.#comment++
    this.#text += ` ${this.#commentText(comment)}`
  }

  #commentText({ at, end }: Comment): string {
    return (this.#source ?? '').slice(at, end).trimEnd()
  }

  /** One blank line where the writer left some. */
  #blankLine(from: number, to: number): void {
    if (from < 0 || this.#source === undefined) return
    if (/\n[ \t\r]*\n/.test(this.#source.slice(from, to))) this.#text += '\n'
  }

  #targetText(statement: Exclude<Statement, IfStatement>): string {
    switch (statement.kind) {
      case 'let':
        return `let ${printName(statement.name)}`
      case 'meta':
        return statement.name === undefined ? 'meta' : `meta ${printName(statement.name)}`
    }
    const path = statement.path.map(printName)
    // `name = …` says the same as `root.name = …`, and its writer knows which is clearer.
    const isShort = path.length > 0 && !/^root\b/.test(this.#source?.slice(statement.at) ?? 'root')
    return (isShort ? path : ['root', ...path]).join('.')
  }
}
