/**
 * Puts secrets back that were masked when somebody read an object and wrote it again.
 *
 * A masked value stands for what is kept at the same place. In a list whose length changed, places mean nothing, and
 * only an entry that is otherwise the same, and looks like no other, counts as the same. Where nothing is kept there is no way to know what was
 * meant, and the write is refused.
 */
import { isDeepStrictEqual } from 'node:util'
import { masked } from '../../../controllers/plan/mask.ts'
import { MASK } from '../../../controllers/sets/secret-text.ts'
import { maskAt } from '../mask.ts'

export interface Unmasked {
  readonly value: unknown
  /** `spec.endpoint.headers.Authorization`: masked, and nothing is kept there. */
  readonly unknown: readonly string[]
}

const MASKED_ADDRESS = /:\/\/\*\*\*@|[?&][\w.-]+=\*\*\*/

export function unmask(kind: string, spec: unknown, kept: unknown): Unmasked {
  const unknown: string[] = []
  return { value: restored(kind, spec, kept, ['spec'], unknown), unknown }
}

function restored(
  kind: string,
  value: unknown,
  kept: unknown,
  path: readonly string[],
  unknown: string[],
): unknown {
  if (Array.isArray(value)) {
    const list = Array.isArray(kept) ? kept : []
    return value.map((item, index) => {
      const at = [...path, `${index}`]
      const known = entryFor(kind, item, list, index, list.length === value.length, at)
      return restored(kind, item, known, at, unknown)
    })
  }
  if (typeof value === 'object' && value !== null) {
    const fields = (typeof kept === 'object' && kept !== null ? kept : {}) as Readonly<
      Record<string, unknown>
    >
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        restored(kind, field, fields[name], [...path, name], unknown),
      ]),
    )
  }
  if (typeof value !== 'string' || !isMasked(kind, value, path)) return value
  if (isShown(kind, value, kept, path)) return kept
  unknown.push(path.join('.'))
  return value
}

/** The one that is shown so, there or elsewhere; else the one of that place, where places still mean something. */
function entryFor(
  kind: string,
  item: unknown,
  list: readonly unknown[],
  index: number,
  isSameLength: boolean,
  at: readonly string[],
): unknown {
  if (isSameLength && isShown(kind, item, list[index], at)) return list[index]
  const alike = onlyOne(list.filter((one) => isShown(kind, item, one, at)))
  return alike ?? (isSameLength ? list[index] : undefined)
}

/** Those that look alike and are not the same cannot be told apart. */
function onlyOne(alike: readonly unknown[]): unknown {
  const [first, ...others] = alike
  return others.every((other) => isDeepStrictEqual(other, first)) ? first : undefined
}

/** Whether `kept` is shown as `value`. */
function isShown(kind: string, value: unknown, kept: unknown, path: readonly string[]): boolean {
  return kept !== undefined && isDeepStrictEqual(shown(kind, kept, path), value)
}

function shown(kind: string, value: unknown, path: readonly string[]): unknown {
  return maskAt(kind, path.join('.'), masked(value, path.at(-1)))
}

function isMasked(kind: string, value: string, path: readonly string[]): boolean {
  if (value === MASK) return shown(kind, 'anything', path) === MASK
  return MASKED_ADDRESS.test(value)
}
