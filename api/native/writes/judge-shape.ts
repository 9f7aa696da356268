/**
 * Refuses what no object can be and what would break who walks it: too many levels, and a key that is no key to
 * JavaScript. It walks without calling itself, so that no depth is too much for it.
 */
import { LEVELS_MAX } from '../../../controllers/sets/limits.ts'
import { StatusError } from '../status.ts'

/** An object, and beside it the trees of its managed fields, which are a few levels deeper than it. */
export const BODY_LEVELS_MAX: number = 2 * LEVELS_MAX

export function judgeShape(value: unknown): void {
  const waiting: { readonly value: unknown; readonly level: number }[] = [{ value, level: 1 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value: here, level } = next
    if (typeof here !== 'object' || here === null) continue
    if (level > BODY_LEVELS_MAX) throw refused(`expected at most ${BODY_LEVELS_MAX} levels`)
    if (Object.hasOwn(here, '__proto__'))
      throw refused('expected plain JSON, got the key __proto__')
    for (const child of Object.values(here)) waiting.push({ value: child, level: level + 1 })
  }
}

function refused(message: string): StatusError {
  return new StatusError(400, 'BadRequest', `the body: ${message}`)
}
