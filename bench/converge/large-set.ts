/**
 * The large set that convergence is measured on: 10,000 resources in 100 folders, one a file. Folder by folder a mix of
 * types, policies, streams, pipelines from stream to stream, and sinks, as a company's repository would hold them.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const FOLDERS = 100

/** Of each folder; 100 in all. */
export const COUNTS = {
  streams: 60,
  types: 20,
  policies: 10,
  pipelines: 9,
  /** Of the pipelines. */
  paused: 3,
  sinks: 1,
} as const

export interface LargeFile {
  /** Relative to the set's folder. */
  readonly path: string
  readonly text: (edit: string) => string
}

export function largeSet(folders: number = FOLDERS): readonly LargeFile[] {
  return Array.from({ length: folders }, (_, folder) => filesOf(`team-${folder}`)).flat()
}

export function writeLargeSet(root: string, files: readonly LargeFile[], edit: string): void {
  const made = new Set<string>()
  for (const { path, text } of files) {
    const folder = path.slice(0, path.indexOf('/'))
    if (!made.has(folder)) mkdirSync(join(root, folder), { recursive: true })
    made.add(folder)
    writeFileSync(join(root, path), text(edit))
  }
}

function filesOf(team: string): readonly LargeFile[] {
  const file = (kind: string, index: number, spec: string): LargeFile => {
    const name = `${team}-${kind.toLowerCase()}-${index}`
    return {
      path: `${team}/${kind.toLowerCase()}-${index}.yaml`,
      text: (edit) =>
        `apiVersion: headgate.dev/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  labels:\n    edit: "${edit}"\nspec:\n${spec}`,
    }
  }
  const many = (count: number, make: (index: number) => LargeFile): readonly LargeFile[] =>
    Array.from({ length: count }, (_, index) => make(index))
  const stream = (index: number): string => `${team}-stream-${index % COUNTS.streams}`
  return [
    ...many(COUNTS.types, (index) => file('StreamType', index, TYPE)),
    ...many(COUNTS.policies, (index) => file('AccessPolicy', index, policy(stream(index)))),
    ...many(COUNTS.streams, (index) =>
      file('Stream', index, streamSpec(index, `${team}-streamtype-${index % COUNTS.types}`)),
    ),
    ...many(COUNTS.pipelines, (index) =>
      file('Pipeline', index, pipeline(stream(2 * index + 1), stream(2 * index + 3), index)),
    ),
    ...many(COUNTS.sinks, (index) => file('Sink', index, sink(stream(index)))),
  ]
}

const TYPE = `  properties:
    - id: number
      type: Int64
      key: 1
    - id: customer
      type: String
    - id: total
      type: Double
`

/** Every third is typed; the pipelines read and write those that are not. */
function streamSpec(index: number, type: string): string {
  if (index % 2 === 1) return '  retention:\n    age: 1d\n'
  return `  type: ${type}\n`
}

function policy(stream: string): string {
  return `  targets:
    - kind: Stream
      names: [${stream}]
  entries:
    - trustee:
        role: reader
      access: Allow
      rights: [Read]
`
}

function pipeline(from: string, to: string, index: number): string {
  return `  paused: ${index < COUNTS.paused}
  input:
    stream:
      name: ${from}
  pipeline:
    processors:
      - mapping: |
          root = this
          root.total = this.price * this.count
  output:
    stream:
      name: ${to}
`
}

function sink(stream: string): string {
  return `  active: false
  from:
    stream: ${stream}
  endpoint:
    type: standard
    url: http://127.0.0.1:9/orders
`
}
