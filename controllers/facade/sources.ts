/** The sources: how they are, what they would do, and what is approved. */

import type { ResourceObject } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { SourceLoop } from '../apply/source-loop.ts'
import { CONNECT_SOURCE } from '../connect/stored-stream.ts'
import type { PlanAnswer, SourceFile, Sources } from '../control-plane.ts'
import { alreadySettled } from '../plan/settle.ts'
import { sourceObject } from '../status/source-object.ts'
import { applySet } from './apply-set.ts'
import { approvePlanned } from './approve-planned.ts'
import type { Running } from './running.ts'

export function sourcesOf(running: Running): Sources {
  const { loops, times, options, chronicle } = running
  const loopOf = (name: string): SourceLoop => {
    const loop = loops.get(name)
    if (loop !== undefined) return loop
    const known = [...loops.keys()].join(', ')
    throw new HeadgateError('NotFound', `There is no source ${name}.`, {
      hint: known === '' ? 'No source is configured.' : `Configured are: ${known}.`,
    })
  }
  const objectOf = (loop: SourceLoop): ResourceObject => {
    const { name } = loop.declaration
    const pin = chronicle.history.pin(name)
    const suspended = chronicle.suspensions.source(name)
    const held = { pin, suspended, wallUs: options.clock.wallUs() }
    return sourceObject(loop.declaration, loop.state(), times, held)
  }
  return {
    list: () => [...loops.values()].map((loop) => objectOf(loop)),
    get(name) {
      const loop = loops.get(name)
      return loop && objectOf(loop)
    },
    async plan(source: string, files: readonly SourceFile[]): Promise<PlanAnswer> {
      const loop = loopOf(source)
      const set = await options.builders.readFiles(loop.declaration, files)
      await loop.lookUp(set)
      const settle = alreadySettled(set, loop.policy().pruneSettleMs)
      return { plan: loop.planFor(set, settle), problems: set.problems }
    },
    planned(source) {
      const { plan, set } = loopOf(source).state()
      return plan && { plan, problems: set?.problems ?? [] }
    },
    async apply(source, request) {
      if (source !== CONNECT_SOURCE) return applySet(source, request, running)
      throw new HeadgateError('Conflict', `Source ${source} takes what is posted to /streams.`, {
        hint: 'Post the set there, or under another name.',
      })
    },
    approve: async (source, digest) => approvePlanned(loopOf(source), digest, running),
    async firstConvergence() {
      await Promise.all([...loops.values()].map((loop) => loop.firstLook()))
    },
  }
}
