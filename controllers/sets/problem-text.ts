/** A problem as people read it: where, what, the line with a caret beneath, and what to do. Secrets are masked. */
import type { Problem } from './problem.ts'
import { maskLine } from './secret-text.ts'

/** Longer lines are shown around the caret. */
const LINE_LENGTH_MAX = 160

/** `text` is the file's, or undefined where it is not at hand. */
export function problemText(problem: Problem, text: string | undefined): string {
  const { file, line, column, layer, message, severity, hint } = problem
  const mark = severity === 'warning' ? 'warning: ' : ''
  const head = `${file}:${line}:${column}: ${mark}${layer}: ${message}`
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
      ? [...points.slice(0, from), '***', ...points.slice(from + width)].join('')
      : points.join('')
  const safe = maskLine(masked)
  const moved = safe !== line && [...safe].length < problem.column
  const number = String(problem.line)
  const gutter = ' '.repeat(number.length)
  const cut = Math.max(0, from - LINE_LENGTH_MAX / 2)
  const visible = [...safe].slice(cut, cut + LINE_LENGTH_MAX).join('')
  const lead = points
    .slice(cut, from)
    .map((point) => (point === '\t' ? '\t' : ' '))
    .join('')
  const caret = '^'.repeat(problem.code === 'SecretLiteral' ? 3 : Math.min(width, LINE_LENGTH_MAX))
  const under = moved ? [] : [`${gutter} | ${lead}${caret}`]
  return [`${number} | ${visible}`, ...under]
}
