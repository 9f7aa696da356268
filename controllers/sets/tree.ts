/** A parsed document as a tree that knows where each of its pieces stands; the same for YAML and JSON. */
import type { SourceText, Span } from './source-text.ts'

export type Tree = MapTree | ListTree | ScalarTree

export interface MapTree {
  readonly kind: 'map'
  readonly span: Span
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly key: string
  readonly keySpan: Span
  readonly value: Tree
}

export interface ListTree {
  readonly kind: 'list'
  readonly span: Span
  readonly items: readonly Tree[]
}

export interface ScalarTree {
  readonly kind: 'scalar'
  readonly span: Span
  readonly value: string | number | boolean | null
  readonly style: 'plain' | 'quoted' | 'literal' | 'folded'
}

export type Path = readonly (string | number)[]

export function childOf(tree: Tree, step: string | number): Tree | undefined {
  if (tree.kind === 'map') return tree.entries.find(({ key }) => key === step)?.value
  return tree.kind === 'list' && typeof step === 'number' ? tree.items[step] : undefined
}

export function at(tree: Tree, path: Path): Tree | undefined {
  let node: Tree | undefined = tree
  for (const step of path) node = node === undefined ? undefined : childOf(node, step)
  return node
}

/** Text at a path, or undefined where there is none. */
export function textAt(tree: Tree, path: Path): string | undefined {
  const node = at(tree, path)
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined
}

/**
 * Where a person looks for a path: at its key or its value; where the path ends early, at the key of the object that
 * lacks the rest of it, and for the document itself at its first key.
 */
export function locate(tree: Tree, path: Path, which: 'key' | 'value'): Span {
  let node = tree
  let key = tree.kind === 'map' ? (tree.entries[0]?.keySpan ?? tree.span) : tree.span
  for (const step of path) {
    const entry = node.kind === 'map' ? node.entries.find((one) => one.key === step) : undefined
    const next = entry?.value ?? childOf(node, step)
    if (next === undefined) return key
    key = entry?.keySpan ?? next.span
    node = next
  }
  return which === 'key' ? key : node.span
}

export function plainValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(plainValue)
  const result: Record<string, unknown> = {}
  // Neither parser lets a key pass that means something to JavaScript.
  for (const { key, value } of tree.entries) result[key] = plainValue(value)
  return result
}

/**
 * Where a line and column of a text value stand in the file: exactly so in a literal block, and in text on one line
 * that is plain or stands between quotes as it is; elsewhere escapes and folding have moved things, and the scalar itself
 * is the answer.
 */
export function locateWithin(
  source: SourceText,
  scalar: ScalarTree,
  within: { readonly line: number; readonly column: number },
): Span {
  const start = source.place(scalar.span.start)
  const before = scalar.style === 'plain' ? 0 : standsAsItIs(source, scalar) ? 1 : undefined
  if (before !== undefined && within.line === 1) {
    const offset = source.offset(start.line, start.column + before + within.column - 1)
    return offset < scalar.span.end ? { start: offset, end: offset + 1 } : scalar.span
  }
  if (scalar.style !== 'literal' || typeof scalar.value !== 'string') return scalar.span
  const lines = scalar.value.replace(/\n+$/, '').split('\n')
  const indent = literalIndent(source, start.line, lines)
  if (within.line > lines.length) {
    const line = start.line + lines.length
    const end = source.offset(line, [...source.line(line)].length + 1)
    return { start: end, end: end + 1 }
  }
  const offset = source.offset(start.line + within.line, indent + within.column)
  return { start: offset, end: offset + 1 }
}

/** Between quotes, without escapes and on one line. */
function standsAsItIs(source: SourceText, { style, span, value }: ScalarTree): boolean {
  return style === 'quoted' && source.text.slice(span.start + 1, span.end - 1) === value
}

function literalIndent(source: SourceText, headerLine: number, lines: readonly string[]): number {
  const index = lines.findIndex((line) => line.trim() !== '')
  return source.line(headerLine + 1 + index).length - (lines[index] ?? '').length
}
