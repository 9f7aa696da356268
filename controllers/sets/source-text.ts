/**
 * The text of a file, and where in it an offset stands for a person.
 *
 * A leading byte-order mark and CRLF are how some editors write; they are gone here and change no digest.
 */
import { isUtf8 } from 'node:buffer'
import { FILE_LIMITS, type FileLimits } from './limits.ts'
import type { Layer, Place, Problem } from './problem.ts'
import { maskText } from './secret-text.ts'

export interface Span {
  readonly start: number
  readonly end: number
}

export type ProblemInput = Omit<Problem, keyof Place | 'layer' | 'width' | 'severity'> & {
  readonly layer: Layer
  readonly severity?: Problem['severity']
}

export class SourceText {
  readonly file: string
  readonly text: string
  readonly #lineStarts: number[] = [0]

  constructor(file: string, text: string) {
    this.file = file
    this.text = text
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      this.#lineStarts.push(at + 1)
    }
  }

  place(offset: number): Place {
    const line = this.#lineOf(offset)
    const before = this.text.slice(this.#lineStarts[line] ?? 0, offset)
    return { file: this.file, line: line + 1, column: codePoints(before) + 1 }
  }

  /** The offset of a line and column, counted from 1. */
  offset(line: number, column: number): number {
    const start = this.#lineStarts[line - 1] ?? this.text.length
    return start + [...this.line(line)].slice(0, column - 1).join('').length
  }

  /** Without its end. */
  line(line: number): string {
    const start = this.#lineStarts[line - 1] ?? this.text.length
    return this.text.slice(start, (this.#lineStarts[line] ?? this.text.length + 1) - 1)
  }

  problem({ start, end }: Span, input: ProblemInput): Problem {
    const place = this.place(start)
    const lineEnd = this.#lineStarts[place.line] ?? this.text.length + 1
    const marked = this.text.slice(start, Math.min(end, lineEnd - 1)).trimEnd()
    const { severity = 'error', ...rest } = input
    return { ...place, severity, width: Math.max(1, codePoints(marked)), ...masked(rest) }
  }

  #lineOf(offset: number): number {
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** What a component says of an address may hold the login in it. */
function masked<Texts extends Partial<Pick<Problem, 'message' | 'found' | 'hint'>>>(
  texts: Texts,
): Texts {
  const safe: { message?: string; found?: string; hint?: string } = {}
  for (const name of ['message', 'found', 'hint'] as const) {
    const text = texts[name]
    if (text !== undefined) safe[name] = maskText(text, false)
  }
  return { ...texts, ...safe }
}

export type Decoded =
  | { readonly ok: true; readonly source: SourceText }
  | { readonly ok: false; readonly problem: Problem }

export function decode(
  file: string,
  bytes: Uint8Array,
  { bytesMax }: FileLimits = FILE_LIMITS,
): Decoded {
  const refuse = (
    at: Place,
    code: 'LimitExceeded' | 'YamlSyntax',
    message: string,
    hint: string,
  ): Decoded => ({
    ok: false,
    problem: { ...at, layer: 'syntax', severity: 'error', code, message, hint },
  })
  const start: Place = { file, line: 1, column: 1 }
  if (bytes.length > bytesMax) {
    return refuse(
      start,
      'LimitExceeded',
      `expected at most ${bytesMax} bytes, got more`,
      'split the file',
    )
  }
  if (isUtf16(bytes))
    return refuse(start, 'YamlSyntax', 'expected UTF-8, got UTF-16', SAVE_AS_UTF_8)
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const text = (decoded.startsWith('\uFEFF') ? decoded.slice(1) : decoded).replaceAll('\r\n', '\n')
  const source = new SourceText(file, text)
  if (!isUtf8(bytes)) {
    return refuse(
      source.place(text.indexOf('\uFFFD')),
      'YamlSyntax',
      'expected UTF-8, got bytes that are none',
      SAVE_AS_UTF_8,
    )
  }
  const control = forbidden(text)
  if (control === undefined) return { ok: true, source }
  const { name, hint } = CONTROLS[control.code] ?? {
    name: `the control character U+${control.code.toString(16).toUpperCase().padStart(4, '0')}`,
    hint: 'remove it, or write it as an escape in double quotes',
  }
  return refuse(source.place(control.offset), 'YamlSyntax', `expected text, got ${name}`, hint)
}

const SAVE_AS_UTF_8 = 'save the file as UTF-8'
const CONTROLS: Readonly<Record<number, { readonly name: string; readonly hint: string }>> = {
  13: {
    name: 'a carriage return without a line feed',
    hint: 'save the file with the line ends of Unix or Windows',
  },
  65279: { name: 'a byte-order mark within the text', hint: 'remove it' },
}

function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  // Without a mark: no YAML begins with a zero byte, or has one behind its first letter.
  return marked || (bytes.length > 1 && (first === 0) !== (second === 0))
}

function forbidden(text: string): { readonly offset: number; readonly code: number } | undefined {
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset)
    const fine = (code >= 0x20 && code < 0x7f) || code === 0x0a || code === 0x09 || code > 0x9f
    if (!(fine || code === 0x85) || code === 0xfeff) return { offset, code }
  }
  return undefined
}

function codePoints(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0xdc00 || code > 0xdfff) count++
  }
  return count
}
