/** Restarts and pauses pipelines, whoever declared them, as far as that is not their declaration's to say. */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { CONNECT_SOURCE } from '../connect/stored-stream.ts'
import type { PipelineRuns } from '../pipeline-runs.ts'
import { placeText } from '../status/place-text.ts'
import type { ConnectSet } from './connect-set.ts'
import { resetPipeline } from './reset-pipeline.ts'
import { restartPipeline } from './restart-pipeline.ts'
import type { Running } from './running.ts'

export function pipelineRunsOf(set: Pick<ConnectSet, 'pause'>, running: Running): PipelineRuns {
  return {
    restart: (identity) => restartPipeline(identity, running),
    reset: (identity, request) => resetPipeline(identity, request, running),
    async pause(identity, paused) {
      await set.pause(ownId(identity, running), paused)
    },
  }
}

function ownId(identity: Identity, { catalog }: Running): string {
  const entry = catalog.entries.get(identityKey(identity))
  if (entry === undefined)
    throw new HeadgateError('NotFound', `There is no ${identityText(identity)}.`)
  const { owner, origin, id } = entry
  if (owner === CONNECT_SOURCE) return id
  const place = origin === undefined ? 'its declaration' : placeText(origin)
  const who = owner === '' ? 'no source' : `the source ${owner}`
  throw new HeadgateError('Conflict', `${identityText(identity)} is owned by ${who}.`, {
    hint: `Write spec.paused there: ${place}.`,
  })
}
