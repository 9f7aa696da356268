/** The text of a config, taken apart at its top level, so that what a person wrote is kept with its comments. */
import type { SourceText } from '../sets/source-text.ts'
import type { MapTree } from '../sets/tree.ts'
import { yamlText } from '../sets/yaml-text.ts'

/** The text of each key with its value and the comments above it, in the order in which they stand. */
export function topLevelTexts(source: SourceText, tree: MapTree): ReadonlyMap<string, string> {
  if (!isBlock(source, tree)) {
    return new Map(tree.entries.map(({ key, value }) => [key, yamlText({ [key]: plain(value) })]))
  }
  const starts = tree.entries.map(({ keySpan }) =>
    withComments(source, lineOf(source, keySpan.start)),
  )
  const last = lastLine(source)
  return new Map(
    tree.entries.map(({ key }, index) => {
      const from = starts[index] ?? 1
      const to = (starts[index + 1] ?? last + 1) - 1
      const lines = Array.from({ length: to - from + 1 }, (_, at) => source.line(from + at))
      return [key, `${lines.join('\n').trimEnd()}\n`]
    }),
  )
}

/** In block style, from the first column on, each key begins a line of its own. */
function isBlock(source: SourceText, { entries }: MapTree): boolean {
  return entries.every(({ keySpan }) => source.place(keySpan.start).column === 1)
}

function plain(value: MapTree['entries'][number]['value']): unknown {
  if (value.kind === 'scalar') return value.value
  if (value.kind === 'list') return value.items.map(plain)
  return Object.fromEntries(value.entries.map((entry) => [entry.key, plain(entry.value)]))
}

function lineOf(source: SourceText, offset: number): number {
  return source.place(offset).line
}

/** A comment that begins a line belongs to the key beneath it. */
function withComments(source: SourceText, line: number): number {
  let first = line
  while (first > 1 && source.line(first - 1).startsWith('#')) first--
  return first
}

/** Without the ends of documents. */
function lastLine(source: SourceText): number {
  let line = source.place(source.text.length).line
  while (line > 1 && /^(---|\.\.\.|\s*)\s*$/.test(source.line(line))) line--
  return line
}
