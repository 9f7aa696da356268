/** Judges what arrived: nothing is lost, nothing that was dropped is there, and nothing comes twice where it may not. */
import { expect } from 'vitest'
import type { OutputCase, ProcessorCase } from './cases.ts'

export interface Arrived {
  readonly sink: string
  readonly messages: readonly string[]
}

export function expectGuarantee(
  arrived: readonly Arrived[],
  ids: readonly number[],
  given: {
    readonly processor: ProcessorCase
    readonly output: OutputCase
    readonly exact: boolean
  },
): void {
  const expected = ids.flatMap((id) => given.processor.becomes(id)).toSorted()
  const sinks =
    given.output.holds === 'each'
      ? arrived
      : [{ sink: 'all', messages: arrived.flatMap(({ messages }) => messages) }]
  for (const { sink, messages } of sinks) {
    const once = [...new Set(messages)].toSorted()
    expect({ sink, messages: once }).toEqual({ sink, messages: expected })
    if (given.exact) expect({ sink, count: messages.length }).toEqual({ sink, count: once.length })
  }
}
