/**
 * After a start: what an atomic set had begun when the process ended is taken back, unless the set had become durable.
 *
 * Nothing runs yet, so that only streams have to be changed; all else starts from what the catalog says.
 */
import type { Kind } from '../../crds/resource.ts'
import type { ApplyOptions } from '../apply/apply-plan.ts'
import { takeBack } from '../apply/take-back.ts'
import type { PostedSets } from './posted-store.ts'

const HELD_BY_THE_ENGINE: ReadonlySet<Kind> = new Set(['Stream'])

export async function finishInterrupted(
  options: ApplyOptions,
  sets: Pick<PostedSets, 'digest'>,
): Promise<void> {
  const { undo } = options.catalog
  for (const interrupted of undo.all()) {
    const { source, filesDigest } = interrupted
    const isDurable = filesDigest !== undefined && sets.digest(source) === filesDigest
    if (isDurable) undo.remove(source)
    else await takeBack(interrupted, options, HELD_BY_THE_ENGINE)
  }
}
