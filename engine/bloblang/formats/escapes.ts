/** The escapes of HTML and of URLs. */
import { MappingError } from '../mapping-error.ts'
import { decodeText } from '../values/kind-of.ts'

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML[character] ?? character)
}

/** Everything but the characters that an expression names, as the percent signs of its bytes. */
export function percentEncode(text: string, kept: RegExp): string {
  return text.toWellFormed().replace(kept, (character) =>
    Array.from(Buffer.from(character))
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
}

export function percentDecode(text: string, plusIsSpace: boolean): string {
  const spaced = plusIsSpace ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  const bytes = Buffer.from(spaced)
  const decoded = Buffer.alloc(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 0x25) {
      decoded[length++] = bytes[at] ?? 0
      continue
    }
    const digits = bytes.toString('latin1', at + 1, at + 3)
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) {
      throw new MappingError(`invalid URL escape "%${digits}"`)
    }
    decoded[length++] = Number.parseInt(digits, 16)
    at += 2
  }
  return decodeText(decoded.subarray(0, length))
}
