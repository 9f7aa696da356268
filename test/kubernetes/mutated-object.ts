/** Valid objects of each kind with as much in them as fits, and what chance makes of them. */
import fc from 'fast-check'
import { API_VERSION, type Kind } from '../../crds/resource.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const SPECS: Readonly<Record<Kind, Json>> = {
  StreamType: {
    id: 'Reading Type',
    properties: [
      { id: 'time', type: 'DateTime', key: 1 },
      { id: 'place', type: 'String', key: 2, displayName: 'Place' },
      { id: 'celsius', type: 'Double', uom: '°C', interpolation: 'Discrete' },
      { id: 'flags', type: { array: 'String' }, description: 'Flags' },
    ],
    baseType: 'base',
    interpolation: 'Continuous',
    extrapolation: 'None',
    displayName: 'Reading',
    description: 'A reading',
  },
  AccessPolicy: {
    id: 'policy',
    targets: [
      { kind: 'Stream', names: ['a', 'b'] },
      { kind: 'Sink', selector: { matchLabels: { team: 'x' } } },
      { kind: 'Pipeline', default: true },
    ],
    owner: { user: 'anna' },
    entries: [
      { trustee: { role: 'operators' }, access: 'Allow', rights: ['Read', 'Write'] },
      { trustee: { client: 'robot' }, access: 'Deny', rights: ['Delete'] },
    ],
    displayName: 'Policy',
  },
  Stream: {
    id: 'Readings/1',
    type: 'reading',
    shards: 4,
    retention: { age: '7d', bytes: '10GiB' },
    compaction: 'none',
    durability: 'relaxed',
    indexes: ['place'],
    interpolation: 'Discrete',
    extrapolation: 'All',
    propertyOverrides: [{ id: 'celsius', uom: 'K' }],
    tags: ['plant-7', 'north'],
    metadata: { owner: 'team x' },
    displayName: 'Readings',
    deletionPolicy: 'Delete',
    retainFor: '30d',
    protected: false,
  },
  Sink: {
    id: 'sink',
    from: { stream: 'readings', start: '2026-01-31T12:00:00Z', filter: 'this.a > 1' },
    template: 'root = this',
    endpoint: {
      type: 'standard',
      url: 'https://archive.example/in',
      headers: {
        'X-Team': 'north',
        'X-Env': { fromEnv: 'TEAM' },
        Authorization: { fromSecret: { name: 'archive', key: 'token' } },
      },
      payload_format: '$dataset',
      log_line_separator: ',',
    },
    batch: { records: 10, bytes: '1MiB', period: '5s' },
    retry: { attempts: 3, initial: '1s', max: '1m', jitter: 0.5 },
    deadLetter: { stream: 'dead' },
    active: true,
    runAs: 'anna',
  },
  Pipeline: {
    id: 'pipeline',
    input: { stream: { name: 'readings' } },
    buffer: { none: {} },
    pipeline: { threads: 2, processors: [{ mapping: 'root = this' }] },
    output: { stdout: null },
    cache_resources: [{ label: 'a', memory: {} }],
    tests: [{ name: 'one' }],
    paused: true,
    runAs: 'anna',
  },
}

const strange = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, 1, 2, 3, -1, 0.5, 5000, 1e21, [], {}, [null], [1, 1]),
  fc.constantFrom<Json>(
    '',
    ' ',
    'a ',
    'É',
    'a\nb',
    '\u00a0a',
    'A',
    'a'.repeat(254),
    'none',
    '-1',
    '1',
  ),
  fc.constantFrom<Json>(
    '1h',
    '59m',
    '8761h',
    '366d',
    '999999999999999h',
    '0s',
    '1TiB',
    '99999999999TiB',
  ),
  fc.constantFrom<Json>('Double', 'NullableInt32', 'DoubleArray', 'celsius', 'reading', 'readings'),
  fc.constantFrom<Json>(
    { array: 'String' },
    { array: 5 },
    { array: '' },
    { fromEnv: 'A' },
    { a: null },
  ),
  fc.constantFrom<Json>(
    { fromEnv: 'A', fromFile: 'b' },
    { fromSecret: { name: 'a', key: 'b', more: 1 } },
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
)
const change = fc.record({
  place: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'add', 'repeat'),
  value: strange,
})

const METADATA: Json = {
  name: 'mutated',
  namespace: 'default',
  labels: { team: 'north', 'example.com/tier': 'one' },
  annotations: { note: 'a note', 'example.com/note': 'another' },
}

/** An object that is nearly valid, or still is. */
export const mutatedObject: fc.Arbitrary<unknown> = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(SPECS) as Kind[])),
    ofMetadata: fc.array(change, { maxLength: 1 }),
    ofSpec: fc.array(change, { maxLength: 2 }),
  })
  .map(({ kind, ofMetadata, ofSpec }) => ({
    apiVersion: API_VERSION,
    kind,
    metadata: ofMetadata.reduce<Json>(changed, METADATA),
    spec: ofSpec.reduce<Json>(changed, SPECS[kind]),
  }))
  // The API server makes a null there an empty text, and we ask for one: it is among the faulty files.
  .filter(({ metadata }) => {
    const { labels, annotations } = metadata as Readonly<Record<string, object | null | undefined>>
    return ![labels, annotations].some((texts) => Object.values(texts ?? {}).includes(null))
  })

interface Change {
  readonly place: number
  readonly how: string
  readonly value: Json
}

function changed(root: Json, { place, how, value }: Change): Json {
  const places = placesOf(root)
  const path = places[place % places.length] ?? []
  return at(root, path, (holder, step) => {
    if (Array.isArray(holder)) {
      const index = Number(step)
      const item =
        how === 'replace'
          ? [value]
          : how === 'remove'
            ? []
            : [holder[index] ?? null, how === 'add' ? value : (holder[index] ?? null)]
      return holder.toSpliced(index, 1, ...item)
    }
    const fields = { ...(holder as Readonly<Record<string, Json>>) }
    if (how === 'remove') delete fields[step]
    else
      fields[how === 'replace' ? step : `${step}s`] =
        how === 'repeat' ? (fields[step] ?? null) : value
    return fields
  })
}

function placesOf(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([step, one]) => {
    const here = [...path, step]
    return [here, ...placesOf(one, here)]
  })
}

function at(
  value: Json,
  [step = '', ...rest]: readonly string[],
  change: (holder: Json, step: string) => Json,
): Json {
  if (rest.length === 0) return change(value, step)
  const within = at((value as Readonly<Record<string, Json>>)[step] ?? null, rest, change)
  return Array.isArray(value)
    ? value.with(Number(step), within)
    : { ...(value as Readonly<Record<string, Json>>), [step]: within }
}
