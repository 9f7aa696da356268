/**
 * Regular expressions in RE2's syntax: from text to tree, for the part of the syntax that mappings use.
 *
 * The text is known to be valid. Undefined where it has something that is not read here: classes of Unicode, flags but
 * `i` in its midst, letters beyond ASCII whose case does not matter.
 */
import { type CodePoints, complement, foldCase, NO_CODE_POINTS, one, union } from './code-points.ts'
import type { PatternNode } from './pattern-tree.ts'

export function parsePattern(pattern: string): PatternNode | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(pattern)
  try {
    const parser = new PatternParser(pattern.slice(flags?.[0].length ?? 0), flags?.[1] ?? '')
    return parser.parse()
  } catch (thrown) {
    if (thrown instanceof Unread) return undefined
    throw thrown
  }
}

/** Stops the parser at what it does not read. */
class Unread extends Error {}

const DIGITS: CodePoints = [[0x30, 0x39]]
const WORD: CodePoints = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
const SPACES: CodePoints = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
]
const CLASSES: ReadonlyMap<string, CodePoints> = new Map([
  ['d', DIGITS],
  ['w', WORD],
  ['s', SPACES],
])
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
])
const REPETITION = /\{(\d+)(,(\d*))?\}/y
const HEXADECIMAL = /x(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/y
const GROUP = /\?(?:i?:|P?<[A-Za-z0-9_]+>)/y

class PatternParser {
  readonly #text: string
  #ignoresCase: boolean
  readonly #isMultiline: boolean
  readonly #dotIsAll: boolean
  #at = 0

  constructor(text: string, flags: string) {
    this.#text = text
    this.#ignoresCase = flags.includes('i')
    this.#isMultiline = flags.includes('m')
    this.#dotIsAll = flags.includes('s')
  }

  parse(): PatternNode {
    const node = this.#choice()
    if (this.#at < this.#text.length) throw new Unread()
    return node
  }

  #choice(): PatternNode {
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    return options.length === 1 ? (options[0] as PatternNode) : { kind: 'choice', options }
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = []
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at] as string)) {
      parts.push(this.#repeated())
    }
    return parts.length === 1 ? (parts[0] as PatternNode) : { kind: 'sequence', parts }
  }

  #repeated(): PatternNode {
    const body = this.#atom()
    const [least, most] = this.#repetition() ?? []
    if (least === undefined || most === undefined) return body
    return { kind: 'repeat', body, least, most, isLazy: this.#take('?') }
  }

  #repetition(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    const counts = this.#match(REPETITION)
    if (counts === undefined) return undefined
    const least = Number(counts[1])
    if (counts[2] === undefined) return [least, least]
    return [least, counts[3] === '' ? Number.POSITIVE_INFINITY : Number(counts[3])]
  }

  #atom(): PatternNode {
    const code = this.#text.codePointAt(this.#at) ?? 0
    const character = String.fromCodePoint(code)
    this.#at += character.length
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return this.#setOf(this.#class())
      case '.':
        return { kind: 'set', set: complement(this.#dotIsAll ? NO_CODE_POINTS : one(0x0a)) }
      case '^':
        return { kind: 'assertion', assertion: this.#isMultiline ? 'line start' : 'text start' }
      case '$':
        return { kind: 'assertion', assertion: this.#isMultiline ? 'line end' : 'text end' }
      case '\\':
        return this.#escaped()
      case '*':
      case '+':
      case '?':
        throw new Unread()
    }
    return this.#setOf(one(code))
  }

  #group(): PatternNode {
    const isNamed = this.#text[this.#at] === '?'
    const opening = isNamed ? this.#match(GROUP)?.[0] : ''
    if (opening === undefined) throw new Unread()
    const ignoredCase = this.#ignoresCase
    if (opening === '?i:') this.#ignoresCase = true
    const body = this.#choice()
    if (!this.#take(')')) throw new Unread()
    this.#ignoresCase = ignoredCase
    return opening.endsWith(':') ? body : { kind: 'group', body }
  }

  #escaped(): PatternNode {
    const assertions = {
      A: 'text start',
      z: 'text end',
      b: 'word border',
      B: 'no word border',
    } as const
    const letter = this.#text[this.#at] ?? ''
    if (letter === 'A' || letter === 'z' || letter === 'b' || letter === 'B') {
      // With the signs that fold to ASCII a word would have another border.
      this.#at++
      return { kind: 'assertion', assertion: assertions[letter] }
    }
    return this.#setOf(this.#escapedSet())
  }

  /** Behind a backslash. */
  #escapedSet(): CodePoints {
    const letter = this.#text[this.#at] ?? ''
    const known = CLASSES.get(letter.toLowerCase())
    if (known !== undefined) {
      this.#at++
      if (letter === letter.toLowerCase()) return known
      // Whether the fold comes before the complement matters; nobody writes it.
      if (this.#ignoresCase) throw new Unread()
      return complement(known)
    }
    const control = CONTROLS.get(letter)
    if (control !== undefined) {
      this.#at++
      return one(control)
    }
    const code = this.#match(HEXADECIMAL)
    if (code !== undefined) return one(Number.parseInt(code[1] ?? code[2] ?? '', 16))
    if (!/[!-/:-@[-`{-~]/.test(letter)) throw new Unread()
    this.#at++
    return one(letter.charCodeAt(0))
  }

  /** Behind its opening bracket. */
  #class(): CodePoints {
    const isNegated = this.#take('^')
    const sets: CodePoints[] = []
    for (let isFirst = true; isFirst || this.#text[this.#at] !== ']'; isFirst = false) {
      if (this.#at >= this.#text.length) throw new Unread()
      sets.push(this.#classItem())
    }
    this.#at++
    const set = union(...sets)
    if (!isNegated) return set
    const folded = this.#ignoresCase ? foldCase(set) : set
    if (folded === undefined) throw new Unread()
    return complement(folded)
  }

  #classItem(): CodePoints {
    const first = this.#classMember()
    const [from] = first[0] ?? [0]
    const isSingle = first.length === 1 && first[0]?.[0] === first[0]?.[1]
    if (this.#text[this.#at] !== '-' || this.#text[this.#at + 1] === ']') return first
    if (!isSingle) throw new Unread()
    this.#at++
    const [to] = this.#classMember()
    if (to === undefined || to[0] !== to[1]) throw new Unread()
    return [[from, to[0]]]
  }

  #classMember(): CodePoints {
    const code = this.#text.codePointAt(this.#at) ?? 0
    const character = String.fromCodePoint(code)
    this.#at += character.length
    if (character === '\\') return this.#escapedSet()
    if (character === '[' && this.#text[this.#at] === ':') throw new Unread()
    return one(code)
  }

  #setOf(set: CodePoints): PatternNode {
    if (!this.#ignoresCase) return { kind: 'set', set }
    // What a negated class has beyond ASCII is there in every case.
    const isNegated = (set.at(-1)?.[1] ?? 0) === 0x10ffff
    const folded = isNegated ? set : foldCase(set)
    if (folded === undefined) throw new Unread()
    return { kind: 'set', set: folded }
  }

  #take(symbol: string): boolean {
    if (this.#text[this.#at] !== symbol) return false
    this.#at++
    return true
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    const match = expression.exec(this.#text)
    if (match === null) return undefined
    this.#at += match[0].length
    return match
  }
}
