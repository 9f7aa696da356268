/** Finds the processors that a test is about, in a config in which its mocks have taken their places. */
import { nearest } from '../../suggest.ts'
import { isRecord, kindOf } from '../component-config.ts'

export type Found =
  | { readonly ok: true; readonly processors: readonly unknown[] }
  | { readonly ok: false; readonly because: string }

/** A label or a JSON pointer. */
export function findProcessors(config: unknown, target: string): Found {
  if (target.startsWith('/')) return atPointer(config, target)
  const found = findLabelled(config, target)
  if (found !== undefined) return { ok: true, processors: [found] }
  return { ok: false, because: unknownLabel(config, target) }
}

export type Mocked =
  | { readonly ok: true; readonly config: unknown }
  | { readonly ok: false; readonly because: string }

/** A copy with a mock in place of each component that is named by its label or its pointer. */
export function withMocks(config: unknown, mocks: Readonly<Record<string, unknown>>): Mocked {
  const copy: unknown = structuredClone(config)
  for (const [name, mock] of Object.entries(mocks)) {
    const refused = name.startsWith('/')
      ? mockAtPointer(copy, name, mock)
      : mockLabelled(copy, name, mock)
    if (refused !== undefined) return { ok: false, because: refused }
  }
  return { ok: true, config: copy }
}

function atPointer(config: unknown, pointer: string): Found {
  const place = walkPointer(config, pointer)
  if (place === undefined) return { ok: false, because: `there is nothing at ${pointer}` }
  const value = place.value
  // A pipeline without processors is one that changes nothing.
  if (value === null) return { ok: true, processors: [] }
  if (Array.isArray(value)) return { ok: true, processors: value }
  if (isRecord(value)) return { ok: true, processors: [value] }
  const because = `expected processors at ${pointer}, got ${kindOf(value)}`
  return { ok: false, because }
}

interface PointedAt {
  readonly holder: Record<string, unknown> | unknown[]
  readonly key: string | number
  readonly value: unknown
}

function walkPointer(config: unknown, pointer: string): PointedAt | undefined {
  let place: PointedAt | undefined
  let value: unknown = config
  for (const step of pointer.slice(1).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) {
      const index = /^(0|[1-9][0-9]{0,8})$/.test(name) ? Number(name) : -1
      if (index < 0 || index >= value.length) return undefined
      place = { holder: value, key: index, value: value[index] }
    } else if (isRecord(value) && Object.hasOwn(value, name)) {
      place = { holder: value as Record<string, unknown>, key: name, value: value[name] }
    } else return undefined
    value = place.value
  }
  return place
}

function mockAtPointer(config: unknown, pointer: string, mock: unknown): string | undefined {
  const place = walkPointer(config, pointer)
  if (place === undefined) return `mock ${pointer}: there is nothing at that place`
  replace(place, mock)
  return undefined
}

function mockLabelled(config: unknown, label: string, mock: unknown): string | undefined {
  const places = [...labelled(config)].filter(({ label: one }) => one === label)
  if (places.length === 0) return `mock ${label}: ${unknownLabel(config, label)}`
  for (const { place } of places) replace(place, isRecord(mock) ? { label, ...mock } : mock)
  return undefined
}

function replace({ holder, key }: PointedAt, value: unknown): void {
  ;(holder as Record<string | number, unknown>)[key] = value
}

function findLabelled(config: unknown, label: string): unknown {
  for (const found of labelled(config)) if (found.label === label) return found.place.value
  return undefined
}

function unknownLabel(config: unknown, label: string): string {
  const labels = [...new Set([...labelled(config)].map((found) => found.label))]
  const near = nearest(label, labels)
  const missing = `there is no component labelled ${JSON.stringify(label)}`
  if (near !== undefined) return `${missing}; did you mean ${JSON.stringify(near)}?`
  if (labels.length === 0) return `${missing}, for none has a label; a pointer begins with "/"`
  return `${missing}; labels are ${labels.join(', ')}`
}

interface Labelled {
  readonly label: string
  readonly place: PointedAt
}

/** Every object with a label, wherever it stands: only components have one. Tests are no part of what they test. */
function* labelled(value: unknown, depth = 0): Iterable<Labelled> {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return
  const holder = value as Record<string, unknown> | unknown[]
  const entries: [string | number, unknown][] = Array.isArray(holder)
    ? [...holder.entries()]
    : Object.entries(holder)
  for (const [key, item] of entries) {
    if (depth === 0 && key === 'tests') continue
    if (isRecord(item) && typeof item['label'] === 'string' && item['label'] !== '') {
      yield { label: item['label'], place: { holder, key, value: item } }
    }
    yield* labelled(item, depth + 1)
  }
}

const DEPTH_MAX = 128
