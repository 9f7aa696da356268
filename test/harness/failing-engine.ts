/** An engine for laws about failures: one change of a stream fails, once or for good, before or after it is made. */
import type { Engine } from '../../engine/engine.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { Streams } from '../../engine/streams/streams.ts'

export interface Failing {
  /** Counted from 1, over every change of streams. */
  readonly step: number
  readonly when: 'before' | 'after'
  /** The process dies there: every later change fails too. Otherwise just this one does, as on a full disk. */
  readonly dies: boolean
}

export interface FailingEngine {
  readonly engine: Engine
  readonly hasFailed: () => boolean
  /** How many changes were asked for so far. */
  readonly changes: () => number
}

export function failingEngine(engine: Engine, { step, when, dies }: Failing): FailingEngine {
  const { streams } = engine
  let changes = 0
  let failed = false
  const attempt = async <T>(act: () => Promise<T>): Promise<T> => {
    if (failed && dies) throw new Error('dead')
    changes += 1
    if (changes !== step) return act()
    failed = true
    if (when === 'after') await act()
    throw dies
      ? new Error('killed')
      : new HeadgateError('LogReadOnly', 'expected room on the disk, got none')
  }
  const failing: Streams = {
    create: (record) => attempt(() => streams.create(record)),
    alter: (incarnation, record) => attempt(() => streams.alter(incarnation, record)),
    rename: (name, incarnation, record) => attempt(() => streams.rename(name, incarnation, record)),
    delete: (name, incarnation) => attempt(() => streams.delete(name, incarnation)),
    describe: (names) => streams.describe(names),
    watch: (listener) => streams.watch(listener),
  }
  return {
    engine: {
      log: engine.log,
      streams: failing,
      groups: engine.groups,
      capabilities: engine.capabilities,
      condition: () => engine.condition(),
      measures: () => engine.measures(),
      [Symbol.asyncDispose]: async () => undefined,
    },
    hasFailed: () => failed,
    changes: () => changes,
  }
}
