/**
 * The name that somebody most likely meant: for the "did you mean" of error messages, and for nothing else.
 *
 * A suggestion that is far off is worse than none, so a third of the letters may differ and no more.
 */

/** Nothing sensible is longer, and the cost grows with the product of both lengths. */
export const SUGGESTION_LENGTH_MAX = 64

/** Among more names than this the first ones are searched. */
export const CANDIDATES_MAX = 1_000

/** The nearest of `candidates`; the alphabetically first one of several that are equally near. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > SUGGESTION_LENGTH_MAX) return undefined
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  let searched = 0
  for (const candidate of candidates) {
    if (searched++ === CANDIDATES_MAX) break
    if (candidate.length > SUGGESTION_LENGTH_MAX || candidate === name) continue
    if (Math.abs(candidate.length - name.length) > bestDistance) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (
      distance < bestDistance ||
      (distance === bestDistance && best !== undefined && candidate < best)
    ) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements, and swaps of neighbours, each counted as one. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let distance = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1]
      if (swapped) distance = Math.min(distance, (beforeLast[column - 2] ?? 0) + 1)
      current.push(distance)
    }
    beforeLast = last
    last = current
  }
  return last[to.length] ?? 0
}
