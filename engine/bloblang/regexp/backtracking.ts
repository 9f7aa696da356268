/**
 * How much a native RegExp, which backtracks, can cost for a tree: a power of the text's length, or no bound at all.
 *
 * Where after each repetition and in each choice the next character decides alone how to go on, a try from one place of
 * the text never looks at a character twice. Each repetition that can also end where it could go on costs another power,
 * and so does trying from every place, unless a try that came far cannot fail.
 */
import { type CodePoints, intersects, NO_CODE_POINTS, union } from './code-points.ts'
import type { PatternNode } from './pattern-tree.ts'

/** Choices that the next character does not decide double what a try costs; so many are a constant that is small. */
const OPEN_CHOICES_MAX = 4

/** What is matched by repeating less often than this is near. */
const NEAR = 32

/** The power of the text's length that bounds the time; Infinity where nothing is sure. */
export function backtrackingPower(pattern: PatternNode): number {
  const costs = { loops: 0, choices: 0, isBounded: true }
  addCosts(pattern, NO_CODE_POINTS, false, costs)
  if (!costs.isBounded || costs.choices > OPEN_CHOICES_MAX) return Number.POSITIVE_INFINITY
  const tries = isAnchored(pattern) || !failsFar(pattern, false) ? 1 : 2
  return costs.loops + tries
}

interface Costs {
  /** Repetitions that can end where they could go on. */
  loops: number
  /** Choices that the next character does not decide. */
  choices: number
  isBounded: boolean
}

/** `next` is what can follow. */
function addCosts(node: PatternNode, next: CodePoints, isRepeated: boolean, costs: Costs): void {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return
    case 'group':
      addCosts(node.body, next, isRepeated, costs)
      return
    case 'sequence': {
      let follow = next
      for (const part of node.parts.toReversed()) {
        addCosts(part, follow, isRepeated, costs)
        follow = isNullable(part) ? union(firstOf(part), follow) : firstOf(part)
      }
      return
    }
    case 'choice':
      addChoice(node.options, next, isRepeated, costs)
      return
    case 'repeat':
      addRepeat(node, next, isRepeated, costs)
  }
}

function addChoice(
  options: readonly PatternNode[],
  next: CodePoints,
  isRepeated: boolean,
  costs: Costs,
): void {
  let before: CodePoints = NO_CODE_POINTS
  for (const option of options) {
    const first = isNullable(option) ? union(firstOf(option), next) : firstOf(option)
    if (intersects(before, first)) {
      costs.choices++
      if (isRepeated) costs.isBounded = false
    }
    before = union(before, first)
    addCosts(option, next, isRepeated, costs)
  }
}

function addRepeat(
  { body, most }: Extract<PatternNode, { kind: 'repeat' }>,
  next: CodePoints,
  isRepeated: boolean,
  costs: Costs,
): void {
  // Rounds that match nothing are counted differently here and there.
  if (isNullable(body)) costs.isBounded = false
  const first = firstOf(body)
  const isOpen = intersects(first, next)
  if (isOpen && isRepeated) costs.isBounded = false
  if (most <= 1) {
    if (isOpen) costs.choices++
    addCosts(body, next, isRepeated, costs)
    return
  }
  if (isOpen) costs.loops++
  addCosts(body, union(first, next), true, costs)
}

export function isNullable(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return false
    case 'assertion':
      return true
    case 'group':
      return isNullable(node.body)
    case 'sequence':
      return node.parts.every(isNullable)
    case 'choice':
      return node.options.some(isNullable)
    case 'repeat':
      return node.least === 0 || isNullable(node.body)
  }
}

function firstOf(node: PatternNode): CodePoints {
  switch (node.kind) {
    case 'set':
      return node.set
    case 'assertion':
      return NO_CODE_POINTS
    case 'group':
    case 'repeat':
      return firstOf(node.body)
    case 'choice':
      return union(...node.options.map(firstOf))
    case 'sequence': {
      const from = node.parts.findIndex((part) => !isNullable(part))
      const parts = from === -1 ? node.parts : node.parts.slice(0, from + 1)
      return union(...parts.map(firstOf))
    }
  }
}

/** Whether a match can begin at the text's begin alone. */
function isAnchored(node: PatternNode): boolean {
  switch (node.kind) {
    case 'assertion':
      return node.assertion === 'text start'
    case 'group':
      return isAnchored(node.body)
    case 'sequence':
      return node.parts[0] !== undefined && isAnchored(node.parts[0])
    case 'choice':
      return node.options.every(isAnchored)
    default:
      return false
  }
}

/** Whether a try can look at many characters and then fail. `isFollowed`: something must match behind. */
function failsFar(node: PatternNode, isFollowed: boolean): boolean {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return false
    case 'group':
      return failsFar(node.body, isFollowed)
    case 'choice':
      return node.options.some((option) => failsFar(option, isFollowed))
    case 'sequence':
      return node.parts.some((part, index) => {
        const rest = node.parts.slice(index + 1)
        return failsFar(part, isFollowed || rest.some((other) => !alwaysMatches(other)))
      })
    case 'repeat': {
      // A round that fails in its midst ends the repetition, which may be too few rounds.
      const isFar = node.most > NEAR
      return isFar
        ? isFollowed || !isSingle(node.body) || node.least > NEAR
        : failsFar(node.body, true)
    }
  }
}

/** Whether it matches anywhere, if need be nothing. */
function alwaysMatches(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return false
    case 'group':
      return alwaysMatches(node.body)
    case 'sequence':
      return node.parts.every(alwaysMatches)
    case 'choice':
      return node.options.some(alwaysMatches)
    case 'repeat':
      return node.least === 0
  }
}

function isSingle(node: PatternNode): boolean {
  return node.kind === 'set' || (node.kind === 'group' && isSingle(node.body))
}
