/** Writing a key into an object of ours, `__proto__` included. */
import type { ObjectValue, Value } from './value.ts'

export function setKey(target: ObjectValue, key: string, value: Value): void {
  if (key === '__proto__') {
    // A plain assignment would replace the prototype, and the key would be lost.
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  } else {
    ;(target as Record<string, Value>)[key] = value
  }
}

/** The value of an own key; inherited names such as `constructor` are no keys. */
export function getKey(target: ObjectValue, key: string): Value | undefined {
  return Object.hasOwn(target, key) ? target[key] : undefined
}

export function removeKey(target: ObjectValue, key: string): void {
  delete (target as Record<string, Value>)[key]
}
