/**
 * Puts the keys of resources into the order of their kind's definition, and writes durations, sizes and quotes in one
 * way. Everything else stays as its author wrote it: comments, blank lines, separators, indentation, and the bodies of
 * components.
 *
 * It works on the text by the places of nodes, not by printing a tree, so that what it does not know cannot be lost.
 * Comments and blank lines directly above a key move with it; what stands above a document's first key stays on top.
 */
import {
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { DURATION_PATTERN, formatDuration, parseDurationMs } from '../../crds/duration.ts'
import { isOpaque, type JsonSchema } from '../../crds/json-schema.ts'
import { isKind, kinds } from '../../crds/kinds.ts'
import { API_VERSION } from '../../crds/resource.ts'
import { formatSize, parseSizeBytes, SIZE_PATTERN } from '../../crds/size.ts'

/** Replaces `[start, end)`; edits of one list do not overlap. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with `\n` at the ends of its lines, and without a byte-order mark. */
export function formatYaml(given: string): string {
  const text = given === '' || given.endsWith('\n') ? given : `${given}\n`
  const edits: Edit[] = []
  for (const document of parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' })) {
    const { contents } = document
    if (document.errors.length > 0 || !isMap(contents)) continue
    const schema = schemaOf(contents)
    if (schema !== undefined) edits.push(...new Formatter(text).edits(contents, schema, true))
  }
  return applied(text, 0, text.length, edits)
}

const TEXTS: JsonSchema = { type: 'object' }
const METADATA: JsonSchema = {
  type: 'object',
  properties: { name: {}, namespace: {}, labels: TEXTS, annotations: TEXTS },
}

/** Of documents that are ours. */
function schemaOf(contents: YAMLMap): JsonSchema | undefined {
  const kind = contents.get('kind')
  if (contents.get('apiVersion') !== API_VERSION || typeof kind !== 'string' || !isKind(kind)) {
    return undefined
  }
  const properties = {
    apiVersion: {},
    kind: {},
    metadata: METADATA,
    spec: kinds[kind].spec,
    status: {},
  }
  return { type: 'object', properties }
}

class Formatter {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  edits(node: unknown, schema: JsonSchema, isRoot = false): readonly Edit[] {
    if (isScalar(node)) return this.#scalar(node, schema)
    if (isSeq(node)) {
      const items = isOpaque(schema) ? {} : (schema.items ?? {})
      return node.items.flatMap((item) => this.edits(item, items))
    }
    return isMap(node) ? this.#map(node, schema, isRoot) : []
  }

  #map(map: YAMLMap, schema: JsonSchema, isRoot: boolean): readonly Edit[] {
    const fields = isOpaque(schema) ? {} : fieldsOf(schema)
    const inner = map.items.flatMap((pair) => [
      ...this.edits(pair.key, {}),
      ...this.edits(pair.value, fields[keyOf(pair)] ?? valuesOf(schema)),
    ])
    const places = placesOf(map, Object.keys(fields))
    // What ends in kept line breaks would take in the blank lines of whatever came to stand below it.
    if (places === undefined || map.items.some((pair) => this.#endsInKept(pair))) return inner
    const pieces = map.flow === true ? this.#flowPieces(map) : this.#blockPieces(map, isRoot)
    const [first] = pieces
    const last = pieces.at(-1)
    if (first === undefined || last === undefined) return inner
    const texts = pieces.map(({ start, end }) => applied(this.#text, start, end, inner))
    const ordered = places.map((place) => texts[place] ?? '')
    return [
      {
        start: first.start,
        end: last.end,
        text:
          map.flow === true
            ? ordered.join(', ')
            : this.#joined(ordered, texts[0] ?? '', first.start),
      },
    ]
  }

  /** The first piece may follow a dash on its line; then the others are indented and it is not. */
  #joined(ordered: readonly string[], former: string, start: number): string {
    const column = start - this.#lineStart(start)
    const [head = '', ...rest] = ordered
    if (column === 0) return [head.replace(/^(?: *\n)+/, ''), ...rest].join('')
    const indented = rest.map((piece) => (piece === former ? ' '.repeat(column) + piece : piece))
    return [head.replace(/^(?: *\n)+/, '').trimStart(), ...indented].join('')
  }

  /** Empty where the map may not be taken apart. */
  #blockPieces(map: YAMLMap, isRoot: boolean): readonly Span[] {
    const starts: number[] = []
    const [firstKey = 0] = rangeOf(map.items[0]?.key)
    const column = firstKey - this.#lineStart(firstKey)
    for (const [index, pair] of map.items.entries()) {
      const [key] = rangeOf(pair.key)
      const before = this.#text.slice(this.#lineStart(key), key)
      const stands = before.trim() === '' && before.length === column
      if (!stands && !(index === 0 && /^ *(- +)+$/.test(before))) return []
      const previous = map.items[index - 1]
      if (previous !== undefined) starts.push(this.#endOf(previous, column))
      else if (!stands) starts.push(key)
      else starts.push(isRoot ? this.#lineStart(key) : this.#leadOf(this.#lineStart(key)))
    }
    const last = map.items.at(-1)
    if (last === undefined) return []
    return starts.map((start, index) => ({
      start,
      end: starts[index + 1] ?? this.#endOf(last, column),
    }))
  }

  /** On one line and without comments; else it stays as it is. */
  #flowPieces(map: YAMLMap): readonly Span[] {
    const [start, end] = rangeOf(map)
    if (/[\n#]/.test(this.#text.slice(start, end))) return []
    return map.items.map((pair) => ({
      start: rangeOf(pair.key)[0],
      end: Math.max(rangeOf(pair.key)[1], rangeOf(pair.value)[1]),
    }))
  }

  /** Behind the last line of a field, with the comments below it that are indented more than its key. */
  #endOf(pair: Pair, column: number): number {
    let end = this.#lineEnd(this.#contentEnd(pair))
    for (;;) {
      const line = this.#text.slice(end, this.#lineEnd(end + 1))
      const comment = /^( *)#/.exec(line)
      if (comment === null || (comment[1] ?? '').length <= column) return end
      end += line.length
    }
  }

  #endsInKept(pair: Pair): boolean {
    const { node } = lastOf(pair)
    if (!isScalar(node)) return false
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
    const [start] = rangeOf(node)
    return isBlock && /^[|>]\d?\+/.test(this.#text.slice(start, start + 3))
  }

  #contentEnd(pair: Pair): number {
    const { node, keyEnd: end } = lastOf(pair)
    const [start, valueEnd] = rangeOf(node)
    return valueEnd > start
      ? Math.max(end, valueEnd)
      : Math.max(end, Math.min(start, this.#lineEnd(end)))
  }

  /** Where the comments and blank lines above a line begin. */
  #leadOf(lineStart: number): number {
    let start = lineStart
    while (start > 0) {
      const before = this.#lineStart(start - 1)
      if (!/^ *(#.*)?\n$/.test(this.#text.slice(before, start))) return start
      start = before
    }
    return start
  }

  #lineStart(offset: number): number {
    return this.#text.lastIndexOf('\n', offset - 1) + 1
  }

  /** Behind the line of what ends at the offset. */
  #lineEnd(offset: number): number {
    const at = this.#text.indexOf('\n', Math.max(0, offset - 1))
    return at < 0 ? this.#text.length : at + 1
  }

  #scalar(node: Scalar, schema: JsonSchema): readonly Edit[] {
    const [start, end] = rangeOf(node)
    const { type, value } = node
    const isQuoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
    if (typeof value !== 'string' || !(isQuoted || type === 'PLAIN')) return []
    const source = this.#text.slice(start, end)
    const normal = normalText(schema, value)
    const text = normal === value && !isQuoted ? source : written(normal, source)
    return text === source || source.includes('\n') ? [] : [{ start, end, text }]
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Without quotes where every reader takes it for the same text; else in double quotes where they need no escapes. */
function written(value: string, source: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9_./-]*$/.test(value) || /^[1-9][0-9]*[A-Za-z]+$/.test(value)
  const isWord = /^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
  if (isPlain && !isWord && !/^[0-9]+e[0-9]*$/i.test(value)) return value
  return source.startsWith("'") && /^[^"\\\p{Cc}]*$/u.test(value) ? `"${value}"` : source
}

function normalText({ pattern }: JsonSchema, value: string): string {
  if (pattern === DURATION_PATTERN) {
    const ms = parseDurationMs(value)
    return ms === undefined ? value : formatDuration(ms)
  }
  const bytes = pattern === SIZE_PATTERN ? parseSizeBytes(value) : undefined
  return bytes === undefined ? value : formatSize(bytes)
}

/** In which order the pairs should stand, by their places of now; undefined where they do. */
function placesOf(map: YAMLMap, order: readonly string[]): readonly number[] | undefined {
  const rank = (pair: Pair): number => {
    const index = order.indexOf(keyOf(pair))
    return index < 0 ? order.length : index
  }
  const ranks = map.items.map(rank)
  const places = [...ranks.keys()].sort(
    (one, other) => (ranks[one] ?? 0) - (ranks[other] ?? 0) || one - other,
  )
  return places.every((place, index) => place === index) ? undefined : places
}

/** The last value within a field, and the end of the last key on the way to it. */
function lastOf({ key, value }: Pair): { readonly node: unknown; readonly keyEnd: number } {
  let [, keyEnd] = rangeOf(key)
  let node: unknown = value
  while ((isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0) {
    const last: unknown = node.items.at(-1)
    if (isMap(node)) {
      keyEnd = Math.max(keyEnd, rangeOf((last as Pair).key)[1])
      node = (last as Pair).value
    } else {
      node = last
    }
  }
  return { node, keyEnd }
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : ''
}

/** Of all forms together, where there are several. */
function fieldsOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return Object.assign({}, schema.properties, ...(schema.anyOf ?? []).map(fieldsOf))
}

function valuesOf({ additionalProperties }: JsonSchema): JsonSchema {
  return typeof additionalProperties === 'object' ? additionalProperties : {}
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = (node as { readonly range?: readonly number[] | null } | null)?.range
  return [range?.[0] ?? 0, range?.[1] ?? 0]
}

/** `[start, end)` of the text with the edits that lie within it. */
function applied(text: string, start: number, end: number, edits: readonly Edit[]): string {
  let result = ''
  let at = start
  for (const edit of [...edits].sort((one, other) => one.start - other.start)) {
    if (edit.start < start || edit.end > end) continue
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at, end)
}
