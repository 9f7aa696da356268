/** The one grammar of sizes in our own fields: a whole number above zero and a binary unit, `64MiB`. */

/** As many digits as keep every size within what a number holds exactly; a pattern says so at every door. */
export const SIZE_PATTERN =
  '^([1-9][0-9]{0,14}B|[1-9][0-9]{0,11}KiB|[1-9][0-9]{0,8}MiB|[1-9][0-9]{0,5}GiB|[1-9][0-9]{0,2}TiB)$'
export const SIZE_MAX = '999TiB'
/** Bounds the text, so that a rule of the API server that touches it has a known cost. */
export const SIZE_LENGTH_MAX = 20

const UNIT_BYTES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const
const UNITS_LARGEST_FIRST = [...UNITS].reverse()
const PATTERN = /^([1-9][0-9]*)(B|KiB|MiB|GiB|TiB)$/

/** Bytes, or undefined when the text is no size or exceeds what a number holds exactly. */
export function parseSizeBytes(text: string): number | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const bytes = Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** The shortest way to write a size: `1024MiB` and `1GiB` are both `1GiB`, so equal sizes have equal digests. */
export function formatSize(bytes: number): string {
  const unit = UNITS_LARGEST_FIRST.find((candidate) => bytes % UNIT_BYTES[candidate] === 0) ?? 'B'
  return `${bytes / UNIT_BYTES[unit]}${unit}`
}

/** As people read it in a sentence, rounded: `9.3 GiB`. */
export function byteText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}
