/** The functions of awk itself that take values; what takes places, `run.ts` hands on. */
import { format } from './format.ts'
import type { Machine } from './machine.ts'
import { type AwkValue, numberOf } from './values.ts'

type BuiltIn = (machine: Machine, given: readonly AwkValue[]) => AwkValue

const HAS_SURROGATE = /[\ud800-\udfff]/

/** Characters, and not the halves of those beyond the first plane. */
export function lengthOf(text: string): number {
  return HAS_SURROGATE.test(text) ? [...text].length : text.length
}

export const BUILT_INS: Readonly<Record<string, BuiltIn>> = {
  substr: (machine, [value, from, count]) => {
    const text = charged(machine, value)
    const start = rounded(numberOf(from))
    const end = count === undefined ? Number.POSITIVE_INFINITY : start + rounded(numberOf(count))
    const [first, last] = [Math.max(start - 1, 0), Math.max(end - 1, 0)]
    if (!(last > first)) return ''
    if (!HAS_SURROGATE.test(text)) return text.slice(first, last)
    return [...text].slice(first, last).join('')
  },
  index: (machine, [value, sought]) => {
    const text = charged(machine, value)
    const at = text.indexOf(charged(machine, sought))
    return at === -1 ? 0 : lengthOf(text.slice(0, at)) + 1
  },
  sprintf: (machine, [pattern, ...given]) =>
    machine.bounded(format(charged(machine, pattern), given, (value) => charged(machine, value))),
  tolower: (machine, [value]) => charged(machine, value).toLowerCase(),
  toupper: (machine, [value]) => charged(machine, value).toUpperCase(),
  sin: (_, [value]) => Math.sin(numberOf(value)),
  cos: (_, [value]) => Math.cos(numberOf(value)),
  atan2: (_, [y, x]) => Math.atan2(numberOf(y), numberOf(x)),
  exp: (_, [value]) => Math.exp(numberOf(value)),
  log: (_, [value]) => Math.log(numberOf(value)),
  sqrt: (_, [value]) => Math.sqrt(numberOf(value)),
  int: (_, [value]) => Math.trunc(numberOf(value)),
}

function charged(machine: Machine, value: AwkValue): string {
  const text = machine.text(value)
  machine.charge(text.length)
  return text
}

/** To the even neighbour from the middle, as POSIX has it. */
function rounded(value: number): number {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 0 : value
  const low = Math.floor(value)
  const rest = value - low
  if (rest !== 0.5) return Math.round(value)
  return low % 2 === 0 ? low : low + 1
}

/** What `sub` and `gsub` put in: `&` is what was found, and `\&` is itself. */
export function replacement(text: string, found: string): string {
  return text.replace(/\\\\|\\&|&/g, (one) => (one === '&' ? found : one.slice(1)))
}

/** The numbers after a seed. */
export function seeded(seed: number): () => number {
  let state = Math.trunc(seed) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
