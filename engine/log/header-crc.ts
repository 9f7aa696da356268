/**
 * The crc32 of a header, in our own words: the platform's `crc32` costs more for the call, and for the view of the
 * bytes that it wants, than for 60 bytes. Four bytes a step, by one table for each.
 */

/** What comes before the crc in the header of a batch and in that of a frame. */
export const HEADER_CRC_AT = 60

const TABLE = makeTable((value) => {
  let crc = value
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
const TABLE_2 = makeTable((value) => behindZero(entryOf(TABLE, value)))
const TABLE_3 = makeTable((value) => behindZero(entryOf(TABLE_2, value)))
const TABLE_4 = makeTable((value) => behindZero(entryOf(TABLE_3, value)))

/** Of the first 60 bytes of the header at `at`, which lies in the buffer as a whole. */
export function headerCrc(bytes: Uint8Array, at: number): number {
  let crc = -1
  for (let next = at; next < at + HEADER_CRC_AT; next += 4) {
    crc ^= byteAt(bytes, next) | (byteAt(bytes, next + 1) << 8)
    crc ^= (byteAt(bytes, next + 2) << 16) | (byteAt(bytes, next + 3) << 24)
    crc =
      entryOf(TABLE_4, crc & 0xff) ^
      entryOf(TABLE_3, (crc >>> 8) & 0xff) ^
      entryOf(TABLE_2, (crc >>> 16) & 0xff) ^
      entryOf(TABLE, crc >>> 24)
  }
  return ~crc >>> 0
}

function makeTable(crcOf: (value: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, value) => crcOf(value))
}

function behindZero(crc: number): number {
  return (crc >>> 8) ^ entryOf(TABLE, crc & 0xff)
}

// Two functions, so that each sees one kind of array.
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}

function entryOf(table: Int32Array, index: number): number {
  return table[index] ?? 0
}
