/** A problem as people read it: where, what, the line with a caret beneath, and what to do. Secrets are masked. */
import type { Problem } from './problem.ts'
import { MASK, maskLine } from './secret-text.ts'

/** Longer lines are shown around the caret. */
const LINE_LENGTH_MAX = 160

/** `text` is the file's, or undefined where it is not at hand. */
export function problemText(problem: Problem, text: string | undefined): string {
  const { file, line, column, layer, code, message, severity, hint } = problem
  const mark = severity === 'warning' ? 'warning: ' : ''
  const head = `${file}:${line}:${column}: ${mark}${layer}: ${message} [${code}]`
  const shown = text === undefined ? [] : sourceLines(problem, text)
  return [head, ...shown, ...(hint === undefined ? [] : [`  hint: ${hint}`])].join('\n')
}

function sourceLines(problem: Problem, text: string): readonly string[] {
  const line = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    [problem.line - 1]?.replace(/\r$/, '')
  if (line === undefined || line.trim() === '') return []
  const points = [...line]
  const from = problem.column - 1
  const width = Math.max(1, Math.min(problem.width ?? 1, points.length - from))
  const masked =
    problem.code === 'SecretLiteral'
      ? [...points.slice(0, from), MASK, ...points.slice(from + width)].join('')
      : points.join('')
  const safe = maskLine(masked)
  const caret = caretIn(safe, points, from, problem.code === 'SecretLiteral' ? 0 : width)
  const number = String(problem.line)
  const gutter = ' '.repeat(number.length)
  const cut = Math.max(0, (caret?.from ?? 0) - LINE_LENGTH_MAX / 2)
  const visible = [...safe].slice(cut, cut + LINE_LENGTH_MAX)
  const shown = `${number} | ${printable(visible.join(''))}`
  if (caret === undefined) return [shown]
  const lead = visible
    .slice(0, caret.from - cut)
    .map((point) => (point === '\t' ? '\t' : ' '))
    .join('')
  const marks = '^'.repeat(Math.min(caret.width, LINE_LENGTH_MAX))
  return [shown, `${gutter} | ${lead}${marks}`]
}

/** Where the caret stands once secrets are masked: what comes before it, and itself, may have changed its length. */
function caretIn(
  safe: string,
  points: readonly string[],
  from: number,
  width: number,
): { readonly from: number; readonly width: number } | undefined {
  const before = maskLine(points.slice(0, from).join(''))
  if (!safe.startsWith(before)) return undefined
  const start = [...before].length
  const through = maskLine(points.slice(0, from + width).join(''))
  const isMasked = width === 0 || !safe.startsWith(through)
  const rest = isMasked && safe.startsWith(MASK, before.length) ? MASK.length : undefined
  return { from: start, width: rest ?? Math.max(1, [...through].length - start) }
}

/** Control characters would reach the terminal of whoever reads it. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, '\uFFFD')
}
