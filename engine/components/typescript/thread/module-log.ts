/** What a module says, by its context or by printing, on its way to the log: at most so many lines a second. */
import type { LogLine } from '../module-protocol.ts'
import { post } from './thread-setting.ts'

const LINES_PER_SECOND_MAX = 100
const LINE_LENGTH_MAX = 2_000
const secondNow = (): number => Math.floor(process.hrtime()[0])
let second = 0
let linesOfSecond = 0
let leftOut = 0

/** More lines in a second are counted, and that is said with the next one. */
export function say(...[level, message, fields]: LogLine): void {
  const now = secondNow()
  if (now !== second) {
    second = now
    linesOfSecond = 0
  }
  linesOfSecond += 1
  if (linesOfSecond > LINES_PER_SECOND_MAX) {
    leftOut += 1
    return
  }
  const lines: LogLine[] = []
  if (leftOut > 0) lines.push(['warn', `${leftOut} lines of the module were left out`])
  leftOut = 0
  const text = String(message)
  const shown = text.length > LINE_LENGTH_MAX ? `${text.slice(0, LINE_LENGTH_MAX)}…` : text
  lines.push(fields === undefined ? [level, shown] : [level, shown, plain(fields)])
  post({ kind: 'log', lines })
}

/** What cannot be sent is shown as text. */
function plain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(JSON.stringify(fields).slice(0, LINE_LENGTH_MAX))
  } catch {
    return { fields: String(fields) }
  }
}

/** For whatever the module prints. */
export function logPrinted(): void {
  process.stdout.write = printsTo('info')
  process.stderr.write = printsTo('warn')
}

function printsTo(level: 'info' | 'warn'): typeof process.stdout.write {
  return ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    for (const line of text.split('\n')) if (line !== '') say(level, line)
    const after = typeof encoding === 'function' ? encoding : done
    if (typeof after === 'function') after()
    return true
  }) as typeof process.stdout.write
}
