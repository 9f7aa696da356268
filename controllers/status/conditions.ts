/** Makes conditions, and remembers since when each is so. */
import type { Condition, ConditionReason } from './condition.ts'

export function isSo(type: Condition['type'], reason: ConditionReason, message: string): Condition {
  return { type, status: 'True', reason, message }
}

export function isNotSo(
  type: Condition['type'],
  reason: ConditionReason,
  message: string,
): Condition {
  return { type, status: 'False', reason, message }
}

/** `lastTransitionTime` moves only when the status of a condition does, however often it is asked for. */
export class TransitionTimes {
  readonly #wallUs: () => number
  readonly #known = new Map<string, readonly Condition[]>()

  constructor(wallUs: () => number) {
    this.#wallUs = wallUs
  }

  stamp(key: string, conditions: readonly Condition[]): readonly Condition[] {
    const before = this.#known.get(key)
    if (before !== undefined && saysTheSame(conditions, before)) return before
    const stamped = conditions.map((condition) => {
      const known = before?.find(({ type }) => type === condition.type)
      const lastTransitionTime =
        known?.status === condition.status && known.lastTransitionTime !== undefined
          ? known.lastTransitionTime
          : rfc3339(this.#wallUs())
      return { ...condition, lastTransitionTime }
    })
    this.#known.set(key, stamped)
    return stamped
  }

  forget(key: string): void {
    this.#known.delete(key)
  }
}

/** Most often: then the very same answer is given, and nobody has to compare it. */
function saysTheSame(now: readonly Condition[], before: readonly Condition[]): boolean {
  return (
    now.length === before.length &&
    now.every(({ type, status, reason, message }, index) => {
      const known = before[index]
      return (
        known?.type === type &&
        known.status === status &&
        known.reason === reason &&
        known.message === message
      )
    })
  )
}

export function rfc3339(wallUs: number): string {
  return new Date(Math.floor(wallUs / 1_000)).toISOString().replace(/\.\d+Z$/, 'Z')
}
