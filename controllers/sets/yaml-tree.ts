/**
 * Turns a composed YAML node into our tree and refuses, on the way, every form that hides or blurs what is meant.
 *
 * Documents with apiVersion are held to strict rules; bare Connect configs may have anchors, merge keys and core tags,
 * within bounds.
 */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type ParsedNode,
  type Scalar,
} from 'yaml'
import { ALIASES_MAX, DOCUMENT_NODES_MAX, LEVELS_MAX } from './limits.ts'
import type { Problem } from './problem.ts'
import { isSecretName, MASK } from './secret-text.ts'
import type { SourceText, Span } from './source-text.ts'
import type { Entry, MapTree, ScalarTree, Tree } from './tree.ts'
import { ambiguityOf, isRoundedInteger } from './yaml-scalar.ts'

const CORE_TAGS = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/
const KEYS_REFUSED: readonly string[] = ['__proto__', 'constructor']

export class YamlTree {
  readonly problems: Problem[] = []
  readonly #source: SourceText
  readonly #document: Document
  readonly #strict: boolean
  #aliases = 0
  #nodes = 0
  /** How many of the keys around what is converted name a secret. */
  #secrets = 0
  #stopped = false

  constructor(source: SourceText, document: Document, strict: boolean) {
    this.#source = source
    this.#document = document
    this.#strict = strict
  }

  convert(node: unknown, level = 0, span: Span = { start: 0, end: 0 }): Tree {
    if (++this.#nodes > DOCUMENT_NODES_MAX) {
      this.#stop(span, `expected at most ${DOCUMENT_NODES_MAX} values once aliases are followed`)
    }
    if (this.#stopped || node === null || node === undefined) return emptyAt(span)
    const parsed = node as ParsedNode
    const here = spanOf(parsed)
    if (isAlias(parsed)) return this.#alias(parsed, level, here)
    this.#judgeProperties(parsed, here)
    if (isScalar(parsed)) return this.#scalar(parsed, here)
    if (level + 1 > LEVELS_MAX) {
      this.#stop(here, `expected at most ${LEVELS_MAX} levels`)
      return emptyAt(here)
    }
    if (isSeq(parsed)) {
      const items = parsed.items.map((item) => this.convert(item, level + 1, here))
      return { kind: 'list', span: here, items }
    }
    return this.#map(parsed, level + 1, here)
  }

  #map(node: ParsedNode, level: number, span: Span): MapTree {
    const entries: Entry[] = []
    const merged: Entry[] = []
    const own = new Set<string>()
    for (const pair of isMap(node) ? node.items : []) {
      if (!isPair(pair)) continue
      const key = pair.key as ParsedNode | null
      const keySpan = key === null ? span : spanOf(key)
      const name = this.#key(key, keySpan)
      const secret = name !== undefined && isSecretName(name)
      if (secret) this.#secrets++
      const value = this.convert(pair.value, level, { start: keySpan.end, end: keySpan.end })
      if (secret) this.#secrets--
      if (name === '<<' && isPlain(key)) {
        if (this.#strict) this.#refuse(keySpan, 'a merge key', 'write the fields where they belong')
        else merged.push(...this.#mergedEntries(value, keySpan))
        continue
      }
      if (name === undefined) continue
      if (KEYS_REFUSED.includes(name)) this.#refuse(keySpan, `the key ${name}`, 'use another name')
      else if (own.has(name)) this.#duplicate(name, keySpan)
      else {
        own.add(name)
        entries.push({ key: name, keySpan, value })
      }
    }
    for (const entry of merged) {
      if (own.has(entry.key)) continue
      own.add(entry.key)
      entries.push(entry)
    }
    return { kind: 'map', span, entries }
  }

  #mergedEntries(value: Tree, keySpan: Span): readonly Entry[] {
    if (value.kind === 'map') return value.entries
    const maps = value.kind === 'list' ? value.items : []
    if (maps.length > 0 && maps.every((item) => item.kind === 'map')) {
      return maps.flatMap((item) => (item.kind === 'map' ? item.entries : []))
    }
    this.#refuse(keySpan, 'a merge key whose value is no mapping', 'merge an anchored mapping')
    return []
  }

  #key(key: ParsedNode | null, span: Span): string | undefined {
    if (key === null) {
      this.#refuse(span, 'an empty key', 'give it a name')
      return undefined
    }
    const node = isAlias(key) ? (key.resolve(this.#document) ?? key) : key
    if (isAlias(key) && this.#strict) this.#refuse(span, 'an alias', 'write the text itself')
    else this.#judgeProperties(key, span)
    if (!isScalar(node)) {
      this.#refuse(span, 'a key that is no text', 'use text as the key')
      return undefined
    }
    if (typeof node.value === 'string') {
      if (this.#strict && isPlain(node)) this.#judgeAmbiguity(node.value, span)
      return node.value
    }
    const text = node.source ?? String(node.value)
    if (!this.#strict) return text
    if (text === '') {
      this.#refuse(span, 'an empty key', 'give it a name')
      return undefined
    }
    const reads = ambiguityOf(text)
    if (reads === undefined)
      this.#refuse(span, `the key ${text}, which is no text`, 'put it in quotes')
    else this.#judgeAmbiguity(text, span)
    return text
  }

  #scalar(node: Scalar, span: Span): ScalarTree {
    const { value } = node
    const style = STYLES[node.type ?? 'PLAIN'] ?? 'plain'
    if (style === 'plain' && this.#strict) {
      const text = node.source ?? ''
      this.#judgeAmbiguity(text, span)
      if (isRoundedInteger(text, value)) {
        this.#refuse(
          span,
          `the number ${this.#shown(text)}, which would be rounded`,
          'put it in quotes, or use a smaller one',
        )
      }
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return { kind: 'scalar', span, value: node.source ?? String(value), style }
    }
    const fits = value === null || ['string', 'number', 'boolean'].includes(typeof value)
    return {
      kind: 'scalar',
      span,
      value: fits ? (value as ScalarTree['value']) : String(value),
      style,
    }
  }

  #alias(node: ParsedNode, level: number, span: Span): Tree {
    if (!isAlias(node)) return emptyAt(span)
    if (this.#strict) {
      this.#refuse(span, 'an alias', 'write the value where it belongs')
      return emptyAt(span)
    }
    if (++this.#aliases > ALIASES_MAX) {
      this.#stop(span, `expected at most ${ALIASES_MAX} aliases`)
      return emptyAt(span)
    }
    return this.convert(node.resolve(this.#document), level, span)
  }

  #judgeProperties(node: ParsedNode, span: Span): void {
    if (isAlias(node)) return
    const { anchor, tag } = node
    if (anchor !== undefined && this.#strict) {
      const start = this.#source.text.lastIndexOf(`&${anchor}`, span.start)
      this.#refuse(
        around(start, anchor.length + 1, span),
        'an anchor',
        'write the value where it belongs',
      )
    }
    if (tag === undefined || (!this.#strict && CORE_TAGS.test(tag))) return
    const start = this.#source.text.lastIndexOf('!', span.start)
    const length = this.#source.text.slice(Math.max(0, start)).search(/[\s,\]}]|$/)
    const written = start < 0 ? tag : this.#source.text.slice(this.#tagStart(start), start + length)
    this.#refuse(
      around(this.#tagStart(start), written.length, span),
      `the tag ${written}`,
      'leave it out',
    )
  }

  /** `!!str` has two marks; the search finds the last of them. */
  #tagStart(found: number): number {
    return this.#source.text[found - 1] === '!' ? found - 1 : found
  }

  #judgeAmbiguity(text: string, span: Span): void {
    const ambiguity = ambiguityOf(text)
    if (ambiguity === undefined) return
    const { reads, hint } = ambiguity
    this.#refuse(span, `${this.#shown(text)}, which some readers take for ${reads}`, hint)
  }

  #shown(text: string): string {
    return this.#secrets === 0 ? text : MASK
  }

  #duplicate(name: string, span: Span): void {
    this.#add(
      span,
      'YamlRefused',
      `expected each key once, got ${name} a second time`,
      'remove one of them',
    )
  }

  #refuse(span: Span, what: string, hint: string): void {
    this.#add(span, 'YamlRefused', `expected plain YAML, got ${what}`, hint)
  }

  #stop(span: Span, message: string): void {
    if (!this.#stopped) this.#add(span, 'LimitExceeded', message, 'split the document')
    this.#stopped = true
  }

  #add(span: Span, code: 'YamlRefused' | 'LimitExceeded', message: string, hint: string): void {
    this.problems.push(this.#source.problem(span, { layer: 'syntax', code, message, hint }))
  }
}

const STYLES: Readonly<Record<string, ScalarTree['style']>> = {
  PLAIN: 'plain',
  QUOTE_DOUBLE: 'quoted',
  QUOTE_SINGLE: 'quoted',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
}

function isPlain(node: unknown): boolean {
  return isScalar(node) && (node.type ?? 'PLAIN') === 'PLAIN'
}

function spanOf(node: ParsedNode): Span {
  const [start, end] = node.range ?? [0, 0]
  return { start, end }
}

function around(start: number, length: number, fallback: Span): Span {
  return start < 0 ? fallback : { start, end: start + length }
}

function emptyAt(span: Span): ScalarTree {
  return { kind: 'scalar', span, value: null, style: 'plain' }
}
