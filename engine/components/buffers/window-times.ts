/**
 * Which windows a moment belongs to. Times are microseconds since 1970.
 *
 * Windows begin every `slide` (in tumbling mode every `size`), counted from the first midnight of the calendar and moved
 * by `offset`: whatever parts a day evenly begins at midnight UTC, and a week begins on Monday.
 */
export interface WindowShape {
  readonly sizeUs: number
  /** The size in tumbling mode. */
  readonly slideUs: number
  readonly offsetUs: number
}

/** 0001-01-01T00:00:00Z, a Monday. */
const ORIGIN_US = -62_135_596_800_000_000

/** The ends of the windows that hold the moment, the earliest first; a window holds its beginning and not its end. */
export function windowEnds(atUs: number, { sizeUs, slideUs, offsetUs }: WindowShape): number[] {
  // In two steps, each of them exact: the distance from the origin is beyond what doubles count one by one.
  const shift = (((ORIGIN_US % slideUs) + offsetUs) % slideUs) + slideUs
  const start = Math.floor((atUs - shift) / slideUs) * slideUs + shift
  const ends: number[] = []
  for (let first = start; first > atUs - sizeUs; first -= slideUs) ends.push(first + sizeUs)
  return ends.reverse()
}

/** RFC 3339 in UTC, with no more of a fraction than there is. */
export function windowEndText(endUs: number): string {
  const seconds = Math.floor(endUs / 1_000_000)
  const fraction = endUs - seconds * 1_000_000
  const text = new Date(seconds * 1_000).toISOString().slice(0, -'.000Z'.length)
  if (fraction === 0) return `${text}Z`
  return `${text}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}Z`
}
