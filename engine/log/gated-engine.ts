/** An engine whose writes ask a gate first, for tests of those who write. Nothing is told of what is dropped. */
import type { Engine } from '../engine.ts'
import type { WriteGate } from './write-gate.ts'

export function gatedEngine(engine: Engine, gate: WriteGate): Engine {
  return {
    log: {
      write: async (set, signal) => {
        gate.admit(set.appends)
        return await engine.log.write(set, signal)
      },
      open: (at) => engine.log.open(at),
      resolve: (shard, where) => engine.log.resolve(shard, where),
      latest: (stream, incarnation, key) => engine.log.latest(stream, incarnation, key),
    },
    streams: engine.streams,
    groups: engine.groups,
    capabilities: engine.capabilities,
    condition: () => engine.condition(),
    measures: () => engine.measures(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}
