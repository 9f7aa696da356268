/**
 * A stream as the Connect API keeps it, and the Pipeline that it amounts to.
 *
 * All of them are one posted set, of the source `connect`: one file a stream, `{id}.json` with the id percent-encoded,
 * which holds a StoredStream as JSON. The set is lowered to Pipelines of the namespace `default` whenever it is read, so
 * that what was posted stays exactly what it was.
 */
import { createHash } from 'node:crypto'
import { NAME_LENGTH_MAX } from '../../crds/field.ts'
import { API_VERSION, type Identity } from '../../crds/resource.ts'
import type { SourceFile } from '../control-plane.ts'
import { isName, slug } from '../sets/object-meta.ts'

/** The source that owns what came through the Connect API. */
export const CONNECT_SOURCE = 'connect'
/** Where its streams live. */
export const CONNECT_NAMESPACE = 'default'

export type StreamConfig = Readonly<Record<string, unknown>>

export interface StoredStream {
  readonly id: string
  /** As it was posted, or as a PATCH merged it. */
  readonly config: StreamConfig
  /** What runs, where that is something else: a chilled post runs without the fields that do not exist. */
  readonly runs?: StreamConfig
  /** It is stopped and keeps its position. */
  readonly paused?: true
}

/** A stream may leave out either end: it is then this one, as the contract has it. */
const INPUT_DEFAULT: StreamConfig = { stdin: {} }
const OUTPUT_DEFAULT: StreamConfig = { stdout: {} }

export function withEnds(config: StreamConfig): StreamConfig {
  return {
    ...config,
    input: config['input'] ?? INPUT_DEFAULT,
    output: config['output'] ?? OUTPUT_DEFAULT,
  }
}

export function fileOfStream(stream: StoredStream): SourceFile {
  return { path: pathOfStream(stream.id), text: JSON.stringify(stream) }
}

export function pathOfStream(id: string): string {
  return `${encodeURIComponent(id)}.json`
}

/** Of the path that `pathOfStream` makes. */
export function idOfPath(path: string): string {
  return decodeURIComponent(path.replace(/\.json$/, ''))
}

export function streamOfFile({ text }: SourceFile): StoredStream {
  return JSON.parse(text) as StoredStream
}

/** A Pipeline as a file of its own, each field on its line. */
export function loweredFile(file: SourceFile): SourceFile {
  const { id, config, runs = config, paused } = streamOfFile(file)
  const { input, buffer, pipeline, output } = withEnds(runs)
  const parts = { input, buffer, pipeline, output }
  const object = {
    apiVersion: API_VERSION,
    kind: 'Pipeline',
    metadata: { name: nameOfStream(id), namespace: CONNECT_NAMESPACE },
    spec: { id, ...(paused === true ? { paused } : {}), ...present(parts) },
  }
  return { path: file.path, text: JSON.stringify(object, undefined, 2) }
}

function present(parts: StreamConfig): StreamConfig {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part != null))
}

export function identityOfStream(id: string): Identity {
  return { kind: 'Pipeline', namespace: CONNECT_NAMESPACE, name: nameOfStream(id) }
}

const HASH_LENGTH = 8

/** The id itself where Kubernetes takes it for a name; else what is left of it, and enough of a hash to stay apart. */
export function nameOfStream(id: string): string {
  if (isName(id)) return id
  const hash = createHash('sha256').update(id).digest('hex').slice(0, HASH_LENGTH)
  const left = slug(id)
    .slice(0, NAME_LENGTH_MAX - HASH_LENGTH - 1)
    .replace(/[^a-z0-9]+$/, '')
  return left === '' ? `stream-${hash}` : `${left}-${hash}`
}
