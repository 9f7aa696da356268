/** A tree as the source of a native RegExp with the flag `u`, every set spelt out. */
import { type CodePoints, complement } from './code-points.ts'
import type { Assertion, PatternNode } from './pattern-tree.ts'

/** Undefined where native groups would hold something else than RE2's. */
export function translatePattern(pattern: PatternNode): string | undefined {
  return losesGroups(pattern) ? undefined : sourceOf(pattern)
}

const ASSERTIONS: Readonly<Record<Assertion, string>> = {
  'text start': '^',
  'text end': '$',
  // The native ones know more kinds of line ends.
  'line start': '(?<![^\\n])',
  'line end': '(?![^\\n])',
  'word border': '\\b',
  'no word border': '\\B',
}

function sourceOf(node: PatternNode): string {
  switch (node.kind) {
    case 'set':
      return setSource(node.set)
    case 'assertion':
      return ASSERTIONS[node.assertion]
    case 'group':
      return `(${sourceOf(node.body)})`
    case 'sequence':
      return node.parts
        .map((part) => (part.kind === 'choice' ? `(?:${sourceOf(part)})` : sourceOf(part)))
        .join('')
    case 'choice':
      return node.options.map(sourceOf).join('|')
    case 'repeat':
      return `${repeatable(node.body)}${countSource(node.least, node.most)}${node.isLazy ? '?' : ''}`
  }
}

function repeatable(body: PatternNode): string {
  const source = sourceOf(body)
  return body.kind === 'set' || body.kind === 'group' ? source : `(?:${source})`
}

function countSource(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY)
    return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`
  if (least === 0 && most === 1) return '?'
  return least === most ? `{${least}}` : `{${least},${most}}`
}

function setSource(set: CodePoints): string {
  const [first] = set
  if (first === undefined) return '[]'
  if (set.length === 1 && first[0] === first[1]) return characterSource(first[0])
  const others = complement(set)
  if (others.length === 0) return '[^]'
  return others.length < set.length ? `[^${rangesSource(others)}]` : `[${rangesSource(set)}]`
}

function rangesSource(set: CodePoints): string {
  return set
    .map(([first, last]) =>
      first === last
        ? characterSource(first)
        : `${characterSource(first)}-${characterSource(last)}`,
    )
    .join('')
}

function characterSource(code: number): string {
  const character = String.fromCodePoint(code)
  return /[A-Za-z0-9_ ]/.test(character) ? character : `\\u{${code.toString(16)}}`
}

/**
 * A native repetition forgets its groups at the begin of each round, RE2 keeps what the last round that had them found.
 * That is the same where every round has all of them.
 */
function losesGroups(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return false
    case 'group':
      return losesGroups(node.body)
    case 'sequence':
      return node.parts.some(losesGroups)
    case 'choice':
      return node.options.some(losesGroups)
    case 'repeat':
      return node.most > 1 && hasGroup(node.body)
        ? !hasAllGroups(node.body)
        : losesGroups(node.body)
  }
}

function hasGroup(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return false
    case 'group':
      return true
    case 'sequence':
      return node.parts.some(hasGroup)
    case 'choice':
      return node.options.some(hasGroup)
    case 'repeat':
      return hasGroup(node.body)
  }
}

/** Whether whatever matches it has set each of its groups. */
function hasAllGroups(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return true
    case 'group':
      return hasAllGroups(node.body)
    case 'sequence':
      return node.parts.every(hasAllGroups)
    case 'choice':
      return !node.options.some(hasGroup)
    case 'repeat':
      return !hasGroup(node.body) || (node.least > 0 && hasAllGroups(node.body))
  }
}
