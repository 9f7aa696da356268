/** Single objects that are written through an API: judged, durable, then given to their loop. */
import { HeadgateError } from '../../engine/error.ts'
import type { ResourceWrites } from '../resource-writes.ts'
import type { Running } from './running.ts'

export function writesOf(_running: Running): ResourceWrites {
  return {
    written: () => undefined,
    put: async () => notYet(),
    remove: async () => notYet(),
  }
}

function notYet(): never {
  throw new HeadgateError('NotYetAvailable', 'Single objects cannot be written yet.')
}
