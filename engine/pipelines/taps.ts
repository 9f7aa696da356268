/**
 * Every point of one pipeline at which records can be looked at, found by label or path, and those who look.
 *
 * It holds up to TAPS_MAX of them, and lets go of each when its limit is reached, when it is disposed of, or when the
 * pipeline is closed.
 */
import { HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { nearest } from '../suggest.ts'
import { queryOf } from './bloblang-fields.ts'
import type { ComponentConfig } from './component-config.ts'
import { Tap, type TapChoice, type TapListener } from './tap.ts'
import { type TapPlace, TapPoint } from './tap-point.ts'

/** More at once in one pipeline are refused. */
export const TAPS_MAX = 8

export type TapOptions = Omit<TapChoice, 'filter'> & {
  /** A Bloblang query that is true for what is wanted; it sees no environment variables. */
  readonly filter?: string
}

export interface TapsEnvironment {
  readonly clock: Clock
  readonly random: Random
  /** Takes out of a text what nobody is to see. */
  readonly mask: (text: string) => string
}

export class Taps {
  readonly #environment: TapsEnvironment
  /** By path: a component that is named by its label in several places is one. */
  readonly #points = new Map<string, TapPoint>()
  readonly #taps = new Map<Tap, TapPoint>()

  constructor(environment: TapsEnvironment) {
    this.#environment = environment
  }

  /** Whether anybody looks anywhere. */
  get open(): boolean {
    return this.#taps.size > 0
  }

  point({ role, name: component, label, path: at }: ComponentConfig): TapPoint {
    const path = ['root', ...at].join('.')
    const known = this.#points.get(path)
    // What was replaced while the pipeline runs is another component at the same place.
    if (known?.place.component === component && known.place.label === label) return known
    const point = new TapPoint({ role, component, label, path }, this.#environment.clock)
    this.#points.set(path, point)
    return point
  }

  /** In the order of the config. */
  places(): readonly TapPlace[] {
    const places = Array.from(this.#points.values(), ({ place }) => place)
    return places.toSorted((one, other) => partOf(one) - partOf(other))
  }

  /** Throws NotFound where no component has that label or path, BloblangInvalid, TapsTooMany. */
  tap(at: string, options: TapOptions, listener: TapListener): Disposable {
    const point = this.#find(at)
    refuseEmptySide(point.place, options)
    if (this.#taps.size >= TAPS_MAX) {
      const message = `expected at most ${TAPS_MAX} taps of a pipeline at once, got one more`
      throw new HeadgateError('TapsTooMany', message, { hint: 'End one of the others first.' })
    }
    const { clock, random, mask } = this.#environment
    const { place } = point
    const heard: TapListener = {
      seen: (record) => listener.seen(record),
      ended: (why, left) => {
        this.#remove(tap)
        listener.ended(why, left)
      },
    }
    const tap = new Tap(this.#chosen(options), heard, { clock, random, mask, place })
    this.#taps.set(tap, point)
    point.add(tap)
    return {
      [Symbol.dispose]: () => {
        tap.stop()
        this.#remove(tap)
      },
    }
  }

  #chosen({ filter, ...options }: TapOptions): TapChoice {
    if (filter === undefined) return options
    const { clock, random } = this.#environment
    const environment = { clock, random, env: () => undefined, hostname: '' }
    return { ...options, filter: queryOf(filter, environment) }
  }

  close(): void {
    for (const tap of [...this.#taps.keys()]) tap.end('closed')
  }

  #remove(tap: Tap): void {
    this.#taps.get(tap)?.remove(tap)
    this.#taps.delete(tap)
  }

  /** By label first, then by path, with or without `root.`. */
  #find(at: string): TapPoint {
    const points = [...this.#points.values()]
    const found =
      points.find(({ place }) => place.label !== '' && place.label === at) ??
      this.#points.get(at) ??
      this.#points.get(`root.${at}`)
    if (found !== undefined) return found
    const message = `expected the label or path of a component, got ${JSON.stringify(at)}`
    throw new HeadgateError('NotFound', message, { hint: hintOf(at, this.places()) })
  }
}

/** Of more components the others are counted. */
const PLACES_NAMED_MAX = 20

function hintOf(at: string, places: readonly TapPlace[]): string {
  const paths = places.map(({ path }) => path.replace(/^root\./, ''))
  const names = places.map(({ label }, index) => (label === '' ? (paths[index] ?? '') : label))
  const more = names.length - PLACES_NAMED_MAX
  const others = more > 0 ? `, and ${more} more` : ''
  const there = `There are ${names.slice(0, PLACES_NAMED_MAX).join(', ')}${others}.`
  const near = nearest(at.replace(/^root\./, ''), [...names, ...paths])
  return near === undefined ? there : `Did you mean ${JSON.stringify(near)}? ${there}`
}

/** What is built first need not be what stands first. */
const PARTS: readonly string[] = ['input', 'buffer', 'pipeline', 'output']

function partOf({ path }: TapPlace): number {
  const part = PARTS.indexOf(path.split('.')[1] ?? '')
  return part < 0 ? PARTS.length : part
}

/** Nothing comes to an input, and nothing but what it refused comes of an output. */
function refuseEmptySide({ role, path }: TapPlace, { side }: TapOptions): void {
  if (side !== 'before' || (role !== 'input' && role !== 'buffer')) return
  throw new HeadgateError(
    'BadRequest',
    `expected the side after at the ${role} ${path}, got before`,
    {
      hint: 'Records begin there: look after it.',
    },
  )
}
