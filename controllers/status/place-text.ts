import type { Place } from '../sets/problem.ts'

/** How a place is written wherever people read it: `streams/orders.yaml:3:1`. */
export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}
