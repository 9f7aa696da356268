/** Two objects as one, key by key and at every depth; what clashes otherwise is decided by `resolve`. */
import { expectObject, isArray, isObject, mismatch } from '../values/kind-of.ts'
import { getKey, setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'

export function combine(
  ours: Value,
  theirs: Value,
  resolve: (ours: Value, theirs: Value) => Value,
): ObjectValue {
  if (!isObject(ours)) throw mismatch('object', ours)
  const combined: ObjectValue = { ...ours }
  for (const [key, value] of Object.entries(expectObject(theirs))) {
    const present = getKey(combined, key)
    if (present === undefined) setKey(combined, key, value)
    else if (isObject(present) && isObject(value))
      setKey(combined, key, combine(present, value, resolve))
    else setKey(combined, key, resolve(present, value))
  }
  return combined
}

/** Both values are kept in one array; those that are arrays already are joined. */
export function collectClash(ours: Value, theirs: Value): Value {
  return [...(isArray(ours) ? ours : [ours]), ...(isArray(theirs) ? theirs : [theirs])]
}
