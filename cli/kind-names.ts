/** What a person may call what `get` prints: a kind, its plural, its short name, in any letter case. */

import type { PrinterColumn } from '../crds/kind.ts'
import { kinds } from '../crds/kinds.ts'
import type { Kind } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { nearest } from '../engine/suggest.ts'

export interface Gettable {
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly columns: readonly PrinterColumn[]
  /** Shown besides by `-o wide`. */
  readonly wideColumns: readonly PrinterColumn[]
}

/** Where it comes from: of everything that is declared. */
const ORIGIN_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Source', type: 'string', jsonPath: '.status.owner' },
  { name: 'Origin', type: 'string', jsonPath: '.status.origin' },
]
const ORIGIN_NAMES: readonly string[] = ORIGIN_COLUMNS.map(({ name }) => name)

const SOURCE: Gettable = {
  kind: 'Source',
  plural: 'sources',
  namespaced: false,
  columns: [{ name: 'Location', type: 'string', jsonPath: '.spec.location' }],
  wideColumns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type' },
    { name: 'Declared', type: 'integer', jsonPath: '.status.declared' },
    { name: 'Converged', type: 'integer', jsonPath: '.status.converged' },
    { name: 'Problems', type: 'integer', jsonPath: '.status.problemCount' },
  ],
}

const RETAINED: Gettable = {
  kind: 'RetainedStream',
  plural: 'retainedstreams',
  namespaced: true,
  columns: [
    { name: 'Records', type: 'integer', jsonPath: '.status.records' },
    { name: 'Bytes', type: 'integer', jsonPath: '.status.bytes' },
  ],
  wideColumns: [
    { name: 'Source', type: 'string', jsonPath: '.status.owner' },
    { name: 'Expires', type: 'string', jsonPath: '.status.expires' },
  ],
}

export const DECLARED: readonly Gettable[] = Object.values(kinds).map(
  ({ kind, plural, printerColumns }) => ({
    kind,
    plural,
    namespaced: true,
    columns: printerColumns.filter(({ priority }) => priority === undefined),
    wideColumns: [
      ...printerColumns.filter(
        ({ name, priority }) => priority === 1 && !ORIGIN_NAMES.includes(name),
      ),
      ...ORIGIN_COLUMNS,
    ],
  }),
)

const BY_NAME: ReadonlyMap<string, Gettable> = new Map([
  ...Object.values(kinds).flatMap(({ kind, plural, singular, shortNames }) => {
    const gettable = DECLARED.find((declared) => declared.kind === kind) ?? RETAINED
    return [plural, singular, ...shortNames].map((name) => [name, gettable] as const)
  }),
  ...['source', 'sources'].map((name) => [name, SOURCE] as const),
  ...['retained', 'retainedstream', 'retainedstreams'].map((name) => [name, RETAINED] as const),
])

/** The kind that may be declared, by whatever name; undefined where there is none. */
export function declaredKind(name: string): Kind | undefined {
  return Object.values(kinds).find(({ kind, plural, singular, shortNames }) =>
    [kind.toLowerCase(), plural, singular, ...shortNames].includes(name.toLowerCase()),
  )?.kind
}

/** Everything that a declared kind may be called. */
export function kindNames(): readonly string[] {
  return Object.values(kinds).flatMap(({ kind, plural, singular, shortNames }) => [
    kind,
    plural,
    singular,
    ...shortNames,
  ])
}

export function gettable(name: string): Gettable {
  const found = BY_NAME.get(name.toLowerCase())
  if (found !== undefined) return found
  const meant = nearest(name, [...BY_NAME.keys(), 'all'])
  throw new HeadgateError('Usage', `there is no kind "${name}"`, {
    hint:
      meant === undefined
        ? `Kinds are ${[...DECLARED.map(({ plural }) => plural), 'sources', 'retained'].join(', ')}, and all.`
        : `Did you mean ${meant}?`,
  })
}
