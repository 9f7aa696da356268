/**
 * Walks a program over a text, and goes back where a way fails, but never twice to the same fork at the same place: what
 * failed there fails again, wherever it began. So the time grows with the text times the program, and no faster.
 */
import { ASSERTIONS, type CharacterSet, type Program, STEP } from './program.ts'

/** Places of all forks that one search may remember, as bits; a longer text is left to re2js. */
export const FORK_PLACES_MAX: number = 8 * 1024 * 1024

/** What searches of one program remember, one after the other. */
export class SearchMemory {
  #seen: Uint32Array = new Uint32Array(0)
  readonly #touched: number[] = []

  /** Forgets all, and has room for so many bits. */
  begin(bits: number): void {
    const words = Math.ceil(bits / 32)
    for (const word of this.#touched) this.#seen[word] = 0
    this.#touched.length = 0
    if (this.#seen.length < words)
      this.#seen = new Uint32Array(Math.max(words, 2 * this.#seen.length))
  }

  /** Whether it was remembered before; it is now. */
  remember(bit: number): boolean {
    const [word, mask] = [bit >>> 5, 1 << (bit & 31)]
    const seen = this.#seen[word] as number
    if (seen === 0) this.#touched.push(word)
    this.#seen[word] = seen | mask
    return (seen & mask) !== 0
  }
}

/** Where the whole match and each group begin and end; -1 for a group that took no part. */
export type Borders = Int32Array

export class Search {
  readonly #program: Program
  readonly #text: string
  readonly #memory: SearchMemory
  readonly #borders: Borders
  /** Steps and places to go back to; below 0, the border that is to be what it was. */
  readonly #back: number[] = []

  /** Of one text, from the left to the right. `lengthMaxOf` says which text is too long. */
  constructor(program: Program, text: string, memory: SearchMemory) {
    this.#program = program
    this.#text = text
    this.#memory = memory
    this.#borders = new Int32Array(2 * program.groupCount)
  }

  /** The leftmost match at `from` or behind it, until the next call. */
  next(from: number): Borders | undefined {
    this.#memory.begin(this.#program.forkCount * (this.#text.length + 1))
    for (let at = from; at <= this.#text.length; at += widthAt(this.#text, at)) {
      this.#borders.fill(-1)
      if (this.#isMatch(at)) return this.#borders
    }
    return undefined
  }

  #isMatch(start: number): boolean {
    const back = this.#back
    back.length = 0
    back.push(0, start)
    while (back.length > 0) {
      const place = back.pop() as number
      const step = back.pop() as number
      if (step < 0) this.#borders[-1 - step] = place
      else if (this.#walk(step, place)) return true
    }
    return false
  }

  #walk(from: number, start: number): boolean {
    const { kinds, firsts, seconds } = this.#program
    let step = from
    let place = start
    for (;;) {
      const first = firsts[step] as number
      switch (kinds[step]) {
        case STEP.set: {
          const width = this.#takes(first, place)
          if (width === 0) return false
          place += width
          step += 1
          break
        }
        case STEP.fork:
          if (this.#wasAt(step, place)) return false
          this.#back.push(seconds[step] as number, place)
          step = first
          break
        case STEP.jump:
          step = first
          break
        case STEP.border:
          this.#back.push(-1 - first, this.#borders[first] as number)
          this.#borders[first] = place
          step += 1
          break
        case STEP.assertion:
          if (!holds(first, this.#text, place)) return false
          step += 1
          break
        default:
          return true
      }
    }
  }

  /** How many units the character there has, or 0 where it is not in the set. */
  #takes(set: number, place: number): number {
    if (place >= this.#text.length) return 0
    const { ascii, others } = this.#program.sets[set] as CharacterSet
    const unit = this.#text.charCodeAt(place)
    if (unit < 128) return ascii[unit] as number
    const code = this.#text.codePointAt(place) as number
    for (const [first, last] of others) if (first <= code && code <= last) return widthOf(code)
    return 0
  }

  /** Remembers that it is. */
  #wasAt(step: number, place: number): boolean {
    const fork = this.#program.forks[step] as number
    return this.#memory.remember(fork * (this.#text.length + 1) + place)
  }
}

export function lengthMaxOf({ forkCount }: Program): number {
  return Math.floor(FORK_PLACES_MAX / Math.max(1, forkCount)) - 1
}

function widthOf(code: number): number {
  return code > 0xffff ? 2 : 1
}

/** Of the character at a place; 1 at the end. */
export function widthAt(text: string, place: number): number {
  return place >= text.length ? 1 : widthOf(text.codePointAt(place) as number)
}

function holds(assertion: number, text: string, place: number): boolean {
  switch (ASSERTIONS[assertion]) {
    case 'text start':
      return place === 0
    case 'text end':
      return place === text.length
    case 'line start':
      return place === 0 || text[place - 1] === '\n'
    case 'line end':
      return place === text.length || text[place] === '\n'
    case 'word border':
      return isWordAt(text, place - 1) !== isWordAt(text, place)
    default:
      return isWordAt(text, place - 1) === isWordAt(text, place)
  }
}

function isWordAt(text: string, place: number): boolean {
  const unit = text.charCodeAt(place)
  const isDigit = unit >= 0x30 && unit <= 0x39
  const letter = unit | 0x20
  return isDigit || unit === 0x5f || (unit < 128 && letter >= 0x61 && letter <= 0x7a)
}
