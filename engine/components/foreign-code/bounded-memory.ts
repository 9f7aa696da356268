/**
 * A module of WebAssembly whose memories have a limit.
 *
 * A module says itself how far its memory may grow, and mostly that is all that there is. The section of memories (id 5)
 * is a list of limits: flags, the first size and, where the lowest flag says so, the largest, in pages of 64 KiB and as
 * LEB128. It is written again with a largest size; all else stays as it is.
 */
import { HeadgateError } from '../../error.ts'

/** 256 MiB. */
export const WASM_PAGES_MAX = 4_096

const HEADER_BYTES = 8
const MEMORY_SECTION = 5

export function withBoundedMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [module.subarray(0, HEADER_BYTES)]
  for (let at = HEADER_BYTES; at < module.length; ) {
    const id = module[at]
    const size = readLeb(module, at + 1)
    const end = size.next + size.value
    if (end > module.length) throw invalid('a section is longer than the module')
    if (id === MEMORY_SECTION) {
      const section = bounded(module.subarray(size.next, end))
      parts.push(Uint8Array.of(MEMORY_SECTION), writeLeb(section.length), section)
    } else {
      parts.push(module.subarray(at, end))
    }
    at = end
  }
  return Uint8Array.from(Buffer.concat(parts))
}

function bounded(section: Uint8Array): Uint8Array {
  const count = readLeb(section, 0)
  const parts: Uint8Array[] = [writeLeb(count.value)]
  let at = count.next
  for (let index = 0; index < count.value; index++) {
    const flags = section[at] ?? 0
    if (flags > 1) throw invalid('expected memories that are not shared, of 32 bits')
    const least = readLeb(section, at + 1)
    const most = flags === 1 ? readLeb(section, least.next) : undefined
    if (least.value > WASM_PAGES_MAX) {
      throw invalid(`expected a memory of at most ${WASM_PAGES_MAX} pages, got ${least.value}`)
    }
    parts.push(Uint8Array.of(1), writeLeb(least.value))
    parts.push(writeLeb(Math.min(most?.value ?? WASM_PAGES_MAX, WASM_PAGES_MAX)))
    at = most?.next ?? least.next
  }
  return Buffer.concat(parts)
}

function readLeb(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = bytes[from + index]
    if (byte === undefined) throw invalid('it ends too soon')
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, next: from + index + 1 }
  }
  throw invalid('a number has more than 32 bits')
}

function writeLeb(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80)
  bytes.push(left)
  return Uint8Array.from(bytes)
}

function invalid(message: string): HeadgateError {
  return new HeadgateError('ComponentConfigInvalid', `expected a module of WebAssembly: ${message}`)
}
