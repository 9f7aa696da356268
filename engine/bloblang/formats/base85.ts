/**
 * Four bytes as five letters, in two ways: Ascii85, as btoa and Adobe have it (without brackets around it), and Z85 of
 * ZeroMQ (RFC 32), which takes whole groups only.
 */
import { MappingError } from '../mapping-error.ts'

const FIRST_LETTER = 0x21
const ZEROS = 'z'

export function encodeAscii85(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const group = Buffer.alloc(4)
    const length = bytes.copy(group, 0, at, at + 4)
    const value = group.readUInt32BE()
    if (value === 0 && length === 4) text += ZEROS
    else
      text += letters(value, (digit) => String.fromCharCode(FIRST_LETTER + digit)).slice(
        0,
        length + 1,
      )
  }
  return text
}

function letters(value: number, letterOf: (digit: number) => string): string {
  let text = ''
  let rest = value
  for (let place = 0; place < 5; place++) {
    text = letterOf(rest % 85) + text
    rest = Math.floor(rest / 85)
  }
  return text
}

/** White space and other control characters count for nothing. */
export function decodeAscii85(text: string): Buffer {
  const output: Buffer[] = []
  let digits: number[] = []
  for (const letter of text) {
    if (letter <= ' ') continue
    const digit = letter.charCodeAt(0) - FIRST_LETTER
    if (letter === ZEROS && digits.length === 0) output.push(Buffer.alloc(4))
    else if (digit < 0 || digit > 84) throw wrong('ascii85')
    else digits.push(digit)
    if (digits.length < 5) continue
    output.push(group(digits, 'ascii85'))
    digits = []
  }
  if (digits.length === 1) throw wrong('ascii85')
  if (digits.length > 1) {
    const padded = [...digits, 84, 84, 84, 84].slice(0, 5)
    output.push(group(padded, 'ascii85').subarray(0, digits.length - 1))
  }
  return Buffer.concat(output)
}

function group(digits: readonly number[], scheme: string): Buffer {
  const value = digits.reduce((sum, digit) => sum * 85 + digit, 0)
  if (value > 0xffffffff) throw wrong(scheme)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'

export function encodeZ85(bytes: Buffer): string {
  if (bytes.length % 4 !== 0) {
    throw new MappingError(`expected a multiple of 4 bytes for z85, got ${bytes.length}`)
  }
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    text += letters(bytes.readUInt32BE(at), (digit) => Z85[digit] ?? '')
  }
  return text
}

export function decodeZ85(text: string): Buffer {
  if (text.length % 5 !== 0) throw wrong('z85')
  const digits = Array.from(text, (letter) => Z85.indexOf(letter))
  if (digits.includes(-1)) throw wrong('z85')
  const output: Buffer[] = []
  for (let at = 0; at < digits.length; at += 5) output.push(group(digits.slice(at, at + 5), 'z85'))
  return Buffer.concat(output)
}

function wrong(scheme: string): MappingError {
  return new MappingError(`expected ${scheme} text, got something else`)
}
