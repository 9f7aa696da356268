/** Who owns a resource, decided by people. */
import { HeadgateError } from '../../engine/error.ts'
import type { Ownership } from '../ownership.ts'
import type { Running } from './running.ts'

export function ownershipOf(_running: Running): Ownership {
  return {
    adopt: async () => notYet(),
    transfer: async () => notYet(),
    release: async () => notYet(),
  }
}

function notYet(): never {
  throw new HeadgateError('NotYetAvailable', 'Owners cannot be changed yet.')
}
