/** Sets of code points, as sorted ranges that neither touch nor overlap. */

export type CodePoints = readonly (readonly [first: number, last: number])[]

export const CODE_POINT_MAX = 0x10ffff
export const NO_CODE_POINTS: CodePoints = []

export function union(...sets: readonly CodePoints[]): CodePoints {
  const sorted = sets.flat().sort((left, right) => left[0] - right[0])
  const joined: [number, number][] = []
  for (const [first, last] of sorted) {
    const before = joined.at(-1)
    if (before === undefined || first > before[1] + 1) joined.push([first, last])
    else if (last > before[1]) before[1] = last
  }
  return joined
}

export function complement(set: CodePoints): CodePoints {
  const gaps: [number, number][] = []
  let from = 0
  for (const [first, last] of set) {
    if (first > from) gaps.push([from, first - 1])
    from = last + 1
  }
  if (from <= CODE_POINT_MAX) gaps.push([from, CODE_POINT_MAX])
  return gaps
}

export function intersects(left: CodePoints, right: CodePoints): boolean {
  return left.some(([first, last]) => right.some(([from, to]) => first <= to && from <= last))
}

export function one(codePoint: number): CodePoints {
  return [[codePoint, codePoint]]
}

const CASE_DISTANCE = 0x20
/** Signs beyond ASCII that fold to a letter of it. */
const KELVIN = 0x212a
const LONG_S = 0x17f

/** With every letter in both cases; undefined where letters beyond ASCII would need the tables of Unicode. */
export function foldCase(set: CodePoints): CodePoints | undefined {
  const folded: [number, number][] = []
  for (const [first, last] of set) {
    if (last >= 0x80) return undefined
    for (let code = first; code <= last; code++) {
      folded.push([code, code])
      const letter = code | CASE_DISTANCE
      if (letter < 0x61 || letter > 0x7a) continue
      folded.push([code ^ CASE_DISTANCE, code ^ CASE_DISTANCE])
      if (letter === 0x6b) folded.push([KELVIN, KELVIN])
      if (letter === 0x73) folded.push([LONG_S, LONG_S])
    }
  }
  return union(folded)
}
