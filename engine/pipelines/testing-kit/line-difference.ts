/** Where two texts differ, line by line: what is the same around it, `-` for what was expected, `+` for what was got. */

/** Of longer texts the first line that differs is told, and no more. */
export const LINES_COMPARED_MAX = 500
const CONTEXT_LINES = 2

export function lineDifference(expected: string, got: string): readonly string[] {
  const left = expected.split('\n')
  const right = got.split('\n')
  if (left.length === 1 && right.length === 1) return [`- ${expected}`, `+ ${got}`]
  if (Math.max(left.length, right.length) > LINES_COMPARED_MAX) return firstDifference(left, right)
  return withContext(edits(left, right))
}

interface Edit {
  readonly sign: ' ' | '-' | '+'
  readonly line: string
}

function firstDifference(left: readonly string[], right: readonly string[]): readonly string[] {
  let index = 0
  while (left[index] === right[index]) index++
  const lines = [`at line ${index + 1}:`]
  if (left[index] !== undefined) lines.push(`- ${left[index]}`)
  if (right[index] !== undefined) lines.push(`+ ${right[index]}`)
  return lines
}

/** Along a longest common subsequence. */
function edits(left: readonly string[], right: readonly string[]): readonly Edit[] {
  const width = right.length + 1
  const lengths = new Uint16Array((left.length + 1) * width)
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        left[row] === right[column]
          ? (lengths[(row + 1) * width + column + 1] ?? 0) + 1
          : Math.max(
              lengths[(row + 1) * width + column] ?? 0,
              lengths[row * width + column + 1] ?? 0,
            )
    }
  }
  const result: Edit[] = []
  let row = 0
  let column = 0
  while (row < left.length || column < right.length) {
    const [one, other] = [left[row], right[column]]
    if (row < left.length && column < right.length && one === other) {
      result.push({ sign: ' ', line: one ?? '' })
      row++
      column++
      continue
    }
    const down = lengths[(row + 1) * width + column] ?? 0
    const across = lengths[row * width + column + 1] ?? 0
    if (row < left.length && (column >= right.length || down >= across)) {
      result.push({ sign: '-', line: one ?? '' })
      row++
    } else {
      result.push({ sign: '+', line: other ?? '' })
      column++
    }
  }
  return result
}

function withContext(all: readonly Edit[]): readonly string[] {
  const lines: string[] = []
  let skipped = false
  for (const [index, { sign, line }] of all.entries()) {
    const near = all
      .slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1)
      .some((edit) => edit.sign !== ' ')
    if (!near) {
      skipped = true
      continue
    }
    if (skipped) lines.push('…')
    skipped = false
    lines.push(`${sign} ${line}`)
  }
  if (skipped) lines.push('…')
  return lines
}
