/** An engine without a disk, for programs that a test gives records and reads back. */
import type { Engine } from '../engine/engine.ts'
import { HeadgateError } from '../engine/error.ts'
import { encodeBatch } from '../engine/log/batch.ts'
import { openMemoryEngine } from '../engine/log/memory-engine.ts'
import {
  createStream,
  type StreamDeclaration,
  storedRecords,
} from '../engine/pipelines/testing-kit/streams-in-memory.ts'
import type { Clock } from '../engine/ports/clock.ts'
import type { Random } from '../engine/ports/random.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { SeededRandom } from '../engine/ports/seeded-random.ts'
import { type GivenRecord, recordInputOf } from './given-records.ts'
import { recordOfStream, type StreamedRecord } from './tested-record.ts'

export interface MemoryEngineOptions {
  /** The real one where absent. */
  readonly clock?: Clock
  /** The same seed gives the same choices. */
  readonly seed?: number
}

/** Streams are named as they are declared; the engine itself has them as `default/NAME`. */
export class MemoryEngine implements AsyncDisposable {
  readonly engine: Engine
  readonly #random: Random

  constructor({ clock = realClock, seed = 1 }: MemoryEngineOptions = {}) {
    this.#random = new SeededRandom(seed)
    this.engine = openMemoryEngine({ clock, random: this.#random })
  }

  async create(stream: string, declared: Partial<StreamDeclaration> = {}): Promise<void> {
    const full: StreamDeclaration = { shards: 1, compaction: 'none', ...declared }
    await createStream(this.engine, nameOf(stream), this.#random, full)
  }

  async append(stream: string, records: readonly GivenRecord[]): Promise<void> {
    const name = nameOf(stream)
    const incarnation = this.#incarnationOf(stream)
    const batch = encodeBatch(records.map(recordInputOf))
    await this.engine.log.write({ appends: [{ stream: name, incarnation, batch }] })
  }

  /** Everything that it holds, shard by shard. */
  async read(stream: string): Promise<readonly StreamedRecord[]> {
    this.#incarnationOf(stream)
    return (await storedRecords(this.engine, nameOf(stream))).map(recordOfStream)
  }

  #incarnationOf(stream: string): number {
    const [found] = this.engine.streams.describe([nameOf(stream)])
    if (found !== undefined) return found.incarnation
    throw new HeadgateError('StreamNotFound', `there is no stream ${stream}: create it first`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]()
  }
}

export function memoryEngine(options: MemoryEngineOptions = {}): MemoryEngine {
  return new MemoryEngine(options)
}

function nameOf(stream: string): string {
  return `default/${stream}`
}
