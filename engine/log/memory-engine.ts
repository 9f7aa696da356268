/**
 * The engine without a disk: the model that the others are compared with, and what tests and previews run on. All of
 * it is gone with the process.
 */
import type { Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { Admission } from './admission.ts'
import { stampHeader } from './batch-header.ts'
import type { AppendChange } from './change.ts'
import { KeyIndexes } from './compaction/key-indexes.ts'
import { LogView } from './log-view.ts'
import { MemoryShard } from './memory-shard.ts'
import type { CommitRequest, Store } from './store.ts'
import { StoreEngine } from './store-engine.ts'
import { StreamListeners } from './stream-listeners.ts'

export interface MemoryEngineOptions {
  readonly clock: Clock
  readonly random: Random
  readonly logger?: Logger
}

export function openMemoryEngine({ clock, random, logger }: MemoryEngineOptions): Engine {
  const listeners = new StreamListeners(logger)
  const store = new MemoryStore(listeners)
  return new StoreEngine({
    store,
    listeners,
    clock,
    logger,
    admission: new Admission({ clock, random, generationBase: 0 }),
    capabilities: {
      atomicWrite: true,
      contiguousSequences: true,
      expectNext: true,
      idempotencyKey: true,
      durable: false,
    },
    close: () => store.close(),
  })
}

/** Each batch is a frame of its own. */
class MemoryStore implements Store {
  readonly view: LogView
  readonly keys: KeyIndexes = new KeyIndexes()
  #sequence = 0
  #closed = false

  constructor(listeners: StreamListeners) {
    this.view = new LogView({
      createShard: () => new MemoryShard(),
      streamChanged: (name) => listeners.tell(name),
    })
  }

  async commit<Result>({ signal, judge }: CommitRequest<Result>): Promise<Result> {
    if (this.#closed)
      throw new HeadgateError('LogReadOnly', 'expected an open log, got a closed one')
    signal?.throwIfAborted()
    const { changes, result } = judge()
    this.#sequence++
    for (const change of changes) {
      if (change.kind === 'append') this.#append(change)
      else this.view.apply(change)
    }
    return result
  }

  condition(): string | undefined {
    return this.#closed ? 'The engine is closed.' : undefined
  }

  measures(): undefined {}

  async close(): Promise<void> {
    this.#closed = true
  }

  #append({ batch, incarnation, shard, baseSequence, count, arrivalUs }: AppendChange): void {
    const bytes = Buffer.from(batch)
    const sequence = this.#sequence
    stampHeader(bytes, { shard, incarnation, baseSequence, arrivalUs, frame: sequence })
    this.view.append(incarnation, shard, {
      baseSequence,
      nextSequence: baseSequence + count,
      count,
      arrivalUs,
      frame: { sequence, bytes, isShared: true },
      at: 0,
      byteLength: bytes.length,
    })
  }
}
