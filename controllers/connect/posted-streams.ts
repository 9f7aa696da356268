/** The set of the Connect API as it is: what was posted last, by id. */
import type { SourceFile } from '../control-plane.ts'
import { filesDigest } from '../posted/posted-store.ts'
import { CONNECT_SOURCE, type StoredStream, streamOfFile } from './stored-stream.ts'

export type StreamsById = ReadonlyMap<string, StoredStream>

interface PostedFiles {
  files(source: string): readonly SourceFile[]
  digest(source: string): string | undefined
}

export class PostedStreams {
  readonly #sets: PostedFiles
  #read: { readonly digest: string; readonly streams: StreamsById } | undefined

  constructor(sets: PostedFiles) {
    this.#sets = sets
  }

  digest(): string {
    return this.#sets.digest(CONNECT_SOURCE) ?? NOTHING_POSTED
  }

  /** Parsed once for each set. */
  all(): StreamsById {
    const digest = this.digest()
    if (this.#read?.digest !== digest) {
      const streams = this.#sets.files(CONNECT_SOURCE).map((file) => streamOfFile(file))
      this.#read = { digest, streams: new Map(streams.map((stream) => [stream.id, stream])) }
    }
    return this.#read.streams
  }
}

const NOTHING_POSTED = filesDigest([])
