/**
 * Ends a quarrel over a field: what was reverted too often within a short time is only reported from then on, until
 * somebody resumes the resource or declares it otherwise.
 *
 * It is kept in memory: after a restart a quarrel that goes on is found again after as many reverts.
 */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { Outcome } from '../apply/apply-plan.ts'
import type { FlappingField } from '../plan/observed.ts'

export const REVERTS_MAX = 3
export const REVERTS_WITHIN_MS = 600_000

interface Quarrel {
  /** Of the declaration that is fought over. */
  readonly digest: string | undefined
  /** When each field was reverted, by path. */
  readonly revertsMs: ReadonlyMap<string, readonly number[]>
}

export class FlapBreaker {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #quarrels = new Map<string, Quarrel>()
  #flapping: ReadonlyMap<string, readonly FlappingField[]> = new Map()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** By identityKey. */
  flapping(): ReadonlyMap<string, readonly FlappingField[]> {
    return this.#flapping
  }

  /** What a look did. Answers those that are only reported from now on. */
  tell(outcomes: readonly Outcome[]): readonly Identity[] {
    const broken: Identity[] = []
    for (const { action, error } of outcomes) {
      if (error !== undefined) continue
      const key = identityKey(action.identity)
      if (!action.reason.startsWith('drifted:')) this.forget(key)
      else if (this.#revert(key, action)) broken.push(action.identity)
    }
    return broken
  }

  /** Its drift is reverted again. */
  forget(key: string): void {
    this.#quarrels.delete(key)
    if (!this.#flapping.has(key)) return
    this.#flapping = new Map([...this.#flapping].filter(([other]) => other !== key))
  }

  #revert(key: string, { changes, desired }: Outcome['action']): boolean {
    const now = this.#clock.monotonicMs()
    const known = this.#quarrels.get(key)
    const revertsMs = new Map(known?.digest === desired?.digest ? known?.revertsMs : undefined)
    for (const { path } of changes) {
      const lately = (revertsMs.get(path) ?? []).filter((ms) => now - ms < REVERTS_WITHIN_MS)
      revertsMs.set(path, [...lately, now])
    }
    this.#quarrels.set(key, { digest: desired?.digest, revertsMs })
    const fields = [...revertsMs]
      .filter(([, times]) => times.length >= REVERTS_MAX)
      .map(([path]) => ({ path, writer: undefined }))
    if (fields.length === 0) return false
    this.#flapping = new Map([...this.#flapping, [key, fields]])
    return true
  }
}
