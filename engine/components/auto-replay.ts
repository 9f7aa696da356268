/** The `auto_replay_nacks` field of inputs whose source cannot repeat what was rejected, and what it means. */
import { type TUnsafe, Type } from '../../crds/typebox.ts'
import type { InputBatch } from '../pipelines/component.ts'

export const autoReplayField: TUnsafe<boolean> = Type.Unsafe<boolean>({
  type: 'boolean',
  default: true,
  description:
    'Whether rejected messages are sent again until they are delivered; otherwise they are dropped.',
})

/** What an input adds to each of its batches: nothing where the runtime repeats what was rejected, as it does anyway. */
export type Replaying = Pick<InputBatch, 'nack'>

/** For inputs of `nack: 'replay'`. The source hears of a rejection, and these do nothing about it. */
export function replaying(autoReplayNacks: boolean): Replaying {
  return autoReplayNacks ? {} : { nack: 'source' }
}
