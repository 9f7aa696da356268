/**
 * Several bodies in one (RFC 2046): each after a line of `--` and the boundary, with header lines of its own and an
 * empty line before it; the last is followed by the boundary between two `--`.
 *
 * As lenient as others are: lines may end without a carriage return, and parts may have no headers.
 */
import type { Random } from '../../ports/random.ts'

export interface Part {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Multipart {
  readonly contentType: string
  readonly body: Uint8Array
}

/** More of them in one body are refused. */
export const PARTS_MAX = 65_536

/** Of the random port: no body holds it. */
export function formMultipart(
  parts: readonly Part[],
  random: Pick<Random, 'uuid'>,
  type = 'multipart/form-data',
): Multipart {
  const boundary = random.uuid().replaceAll('-', '')
  const pieces = parts.flatMap(({ headers, body }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${oneLine(value)}\r\n`)
    return [Buffer.from(`--${boundary}\r\n${lines.join('')}\r\n`), body, LINE_END]
  })
  const body = Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)])
  return { contentType: `${type}; boundary=${boundary}`, body }
}

const LINE_END = Buffer.from('\r\n')

function oneLine(value: string): string {
  return value.replaceAll(/[\r\n]+/g, ' ')
}

/** The boundary that a content type names; undefined where it is not one of several parts. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const match =
    /^\s*multipart\/[^;]+;(?:.*;)?\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(
      contentType ?? '',
    )
  return match?.[1] ?? match?.[2]
}

export function isMultipart(contentType: string | undefined): boolean {
  return /^\s*multipart\//i.test(contentType ?? '')
}

/** The bodies of the parts, which share the bytes; undefined where it is malformed, not ended, or of too many. */
export function partMultipart(given: Uint8Array, boundary: string): Uint8Array[] | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  const mark = Buffer.from(`--${boundary}`)
  let at = bytes.subarray(0, mark.length).equals(mark) ? 0 : nextMark(bytes, mark, 0)
  const parts: Uint8Array[] = []
  while (at !== undefined) {
    const after = at + mark.length
    if (bytes[after] === DASH && bytes[after + 1] === DASH) return parts
    const lineEnd = bytes.indexOf(LINE_FEED, after)
    const next = lineEnd < 0 ? undefined : nextMark(bytes, mark, lineEnd)
    if (next === undefined || parts.length === PARTS_MAX) return undefined
    const part = bodyOf(
      bytes.subarray(lineEnd + 1, Math.max(lineEnd + 1, textEnd(bytes, next - 1))),
    )
    if (part === undefined) return undefined
    parts.push(part)
    at = next
  }
  return undefined
}

const DASH = 0x2d
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Where a boundary stands at the beginning of a line, from the line end `from` on. */
function nextMark(bytes: Buffer, mark: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(mark, from); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    const isLine = bytes[at - 1] === LINE_FEED
    if (isLine && endsBoundary(bytes[at + mark.length])) return at
  }
  return undefined
}

/** Another boundary may begin as this one does. */
function endsBoundary(byte: number | undefined): boolean {
  return byte === undefined || [DASH, LINE_FEED, CARRIAGE_RETURN, 0x20, 0x09].includes(byte)
}

/** Without the carriage return before the line feed at `lineFeed`. */
function textEnd(bytes: Buffer, lineFeed: number): number {
  return bytes[lineFeed - 1] === CARRIAGE_RETURN ? lineFeed - 1 : lineFeed
}

/** What follows the first empty line. */
function bodyOf(part: Buffer): Uint8Array | undefined {
  if (part.length === 0) return part
  for (let at = 0; at < part.length; ) {
    const lineEnd = part.indexOf(LINE_FEED, at)
    if (lineEnd < 0) return undefined
    if (textEnd(part, lineEnd) <= at) return part.subarray(lineEnd + 1)
    at = lineEnd + 1
  }
  return undefined
}
