/**
 * A regular expression as a list of steps that `search.ts` walks: one array a column, a row a step.
 *
 * A fork is tried at its first way and, where that fails, at its second; of two rounds of a repetition, and of two options
 * of a choice, the first is preferred, as RE2 does.
 */
import { isNullable } from './backtracking.ts'
import type { CodePoints } from './code-points.ts'
import type { Assertion, PatternNode } from './pattern-tree.ts'

/** One character of a set; a fork; on to another step; a border of a group; an assertion; the end. */
export const STEP = { set: 0, fork: 1, jump: 2, border: 3, assertion: 4, end: 5 } as const

/** A pattern that is written out to more steps, as counted repetitions are, is left to re2js. */
export const STEPS_MAX = 20_000

export interface Program {
  readonly kinds: Uint8Array
  /** The set, the first way, the step, the border or the assertion. */
  readonly firsts: Int32Array
  /** The second way of a fork. */
  readonly seconds: Int32Array
  /** The number of each fork among the forks. */
  readonly forks: Int32Array
  readonly forkCount: number
  readonly sets: readonly CharacterSet[]
  /** Of groups, the whole match among them: each has two borders. */
  readonly groupCount: number
}

export interface CharacterSet {
  /** 1 for each character of ASCII that is in it. */
  readonly ascii: Uint8Array
  readonly others: CodePoints
}

export const ASSERTIONS: readonly Assertion[] = [
  'text start',
  'text end',
  'line start',
  'line end',
  'word border',
  'no word border',
]

/** Undefined where it would be too long, or a repetition may go round without a character. */
export function programOf(pattern: PatternNode): Program | undefined {
  const writer = new ProgramWriter()
  try {
    return writer.program(pattern)
  } catch (thrown) {
    if (thrown instanceof TooMuch) return undefined
    throw thrown
  }
}

class TooMuch extends Error {}

class ProgramWriter {
  readonly #kinds: number[] = []
  readonly #firsts: number[] = []
  readonly #seconds: number[] = []
  readonly #forks: number[] = []
  readonly #sets: CharacterSet[] = []
  readonly #setNumbers = new Map<CodePoints, number>()
  #forkCount = 0
  #groupCount = 1

  program(pattern: PatternNode): Program {
    this.#step(STEP.border, 0)
    this.#write(pattern)
    this.#step(STEP.border, 1)
    this.#step(STEP.end, 0)
    return {
      kinds: Uint8Array.from(this.#kinds),
      firsts: Int32Array.from(this.#firsts),
      seconds: Int32Array.from(this.#seconds),
      forks: Int32Array.from(this.#forks),
      forkCount: this.#forkCount,
      sets: this.#sets,
      groupCount: this.#groupCount,
    }
  }

  #write(node: PatternNode): void {
    switch (node.kind) {
      case 'set':
        this.#step(STEP.set, this.#setNumber(node.set))
        return
      case 'assertion':
        this.#step(STEP.assertion, ASSERTIONS.indexOf(node.assertion))
        return
      case 'sequence':
        for (const part of node.parts) this.#write(part)
        return
      case 'choice':
        this.#choice(node.options)
        return
      case 'group': {
        const group = this.#groupCount++
        this.#step(STEP.border, 2 * group)
        this.#write(node.body)
        this.#step(STEP.border, 2 * group + 1)
        return
      }
      case 'repeat':
        this.#repeat(node)
    }
  }

  #choice(options: readonly PatternNode[]): void {
    const jumps: number[] = []
    for (const [index, option] of options.entries()) {
      if (index === options.length - 1) {
        this.#write(option)
        continue
      }
      const fork = this.#fork()
      this.#firsts[fork] = this.#next
      this.#write(option)
      jumps.push(this.#step(STEP.jump, 0))
      this.#seconds[fork] = this.#next
    }
    for (const jump of jumps) this.#firsts[jump] = this.#next
  }

  #repeat({ body, least, most, isLazy }: Extract<PatternNode, { kind: 'repeat' }>): void {
    const isEndless = most === Number.POSITIVE_INFINITY
    if (most > 1 && isNullable(body)) throw new TooMuch()
    const [groups, inBody] = [this.#groupCount, groupsIn(body)]
    const round = (): void => {
      // Every round has the groups of the first.
      this.#groupCount = groups
      this.#write(body)
    }
    for (let done = 0; done < least; done += 1) round()
    if (isEndless) {
      const fork = this.#fork()
      const begin = this.#next
      round()
      this.#step(STEP.jump, fork)
      this.#ways(fork, begin, this.#next, isLazy)
    } else {
      const forks: (readonly [number, number])[] = []
      for (let done = least; done < most; done += 1) {
        const fork = this.#fork()
        forks.push([fork, this.#next])
        round()
      }
      for (const [fork, begin] of forks) this.#ways(fork, begin, this.#next, isLazy)
    }
    this.#groupCount = groups + inBody
  }

  #ways(fork: number, begin: number, end: number, isLazy: boolean): void {
    this.#firsts[fork] = isLazy ? end : begin
    this.#seconds[fork] = isLazy ? begin : end
  }

  get #next(): number {
    return this.#kinds.length
  }

  #fork(): number {
    const step = this.#step(STEP.fork, 0)
    this.#forks[step] = this.#forkCount++
    return step
  }

  #step(kind: number, first: number): number {
    const step = this.#kinds.length
    if (step >= STEPS_MAX) throw new TooMuch()
    this.#kinds.push(kind)
    this.#firsts.push(first)
    this.#seconds.push(0)
    this.#forks.push(0)
    return step
  }

  #setNumber(set: CodePoints): number {
    const known = this.#setNumbers.get(set)
    if (known !== undefined) return known
    const ascii = new Uint8Array(128)
    for (const [first, last] of set)
      for (let code = first; code <= Math.min(last, 127); code += 1) ascii[code] = 1
    const others = set.filter(([, last]) => last > 127)
    this.#setNumbers.set(set, this.#sets.length)
    return this.#sets.push({ ascii, others }) - 1
  }
}

function groupsIn(node: PatternNode): number {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return 0
    case 'group':
      return 1 + groupsIn(node.body)
    case 'repeat':
      return groupsIn(node.body)
    case 'sequence':
      return node.parts.reduce((count, part) => count + groupsIn(part), 0)
    case 'choice':
      return node.options.reduce((count, option) => count + groupsIn(option), 0)
  }
}
