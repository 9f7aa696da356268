/** Steps one after another, without a promise as long as no step makes one. */
export function inTurn(
  count: number,
  step: (index: number) => void | Promise<void>,
): void | Promise<void> {
  for (let index = 0; index < count; index++) {
    const waits = step(index)
    if (waits instanceof Promise) return goOn(waits, index + 1, count, step)
  }
}

async function goOn(
  waits: Promise<void>,
  next: number,
  count: number,
  step: (index: number) => void | Promise<void>,
): Promise<void> {
  await waits
  for (let index = next; index < count; index++) await step(index)
}

/** Goes on with what is there, or once it is. */
export function whenReady<T, R>(
  value: T | Promise<T>,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
