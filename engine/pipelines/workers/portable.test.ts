/**
 * Every processor that may run in a worker does there what it does here: the examples of all of them, and what goes
 * wrong with messages that they are not made for.
 */
import { describe, expect, test } from 'vitest'
import { componentNames, loadComponent } from '../component-registry.ts'
import { type Batch, Message } from '../message.ts'
import { messageOfRecord } from '../record-message.ts'
import { chainOf, told, workersOf } from './testing.ts'

const { signal } = new AbortController()

/** As they may come: with metadata of any kind, flagged, of a stream, empty, no JSON. */
function messagesOf(given: readonly unknown[]): Batch {
  const origin = { stream: 'orders', incarnation: 7, shard: 2 }
  const metadata = new Map<string, never>(
    Object.entries({ kind: 'a', list: [1, { deep: null }], big: 12345678901234567890n }) as never,
  )
  const strange = ['', 'no json', '{"a":[1,2],"b":"text","n":1.0}', '[{"id":1},{"id":"2"}]']
  const failure = { text: 'bad', sourceName: 'mapping', sourceLabel: 'l', sourcePath: 'root.x' }
  const bytesOf = (value: unknown): Uint8Array =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
  return [
    ...given.map((value) => Message.fromBytes(bytesOf(value))),
    ...given.map((value) => Message.fromBytes(bytesOf(value), metadata)),
    ...strange.map((value) => Message.fromBytes(bytesOf(value), metadata).withFailure(failure)),
    ...strange.map((value, index) => {
      const headers = [{ name: 'trace', value: Buffer.from(`t${index}`) }]
      const key = Buffer.from(`k${index}`)
      const record = { sequence: index, arrivalUs: 1e15, key, headers, data: bytesOf(value) }
      return messageOfRecord(record as never, origin)
    }),
  ]
}

const names = componentNames('processor')
const definitions = await Promise.all(names.map((name) => loadComponent('processor', name)))
const portable = definitions.flatMap((one) => (one?.portable === true ? [one] : []))

describe('a portable processor', () => {
  for (const { name, examples = [] } of portable) {
    test(`does in a worker what it does here: ${name}`, async () => {
      for (const [index, { config, given = [], resources = {}, files }] of examples.entries()) {
        if (files !== undefined) continue
        const processors = [{ label: 'it', [name]: config }]
        for (const strict of index === 0 ? [false, true] : [false]) {
          await using here = await chainOf(processors, { resources, strict })
          await using there = await workersOf(processors, { resources, strict })
          const messages = messagesOf(given)
          const expected = told(messages, await here.chain.run(messages, signal))
          expect(told(messages, await there.workers.run(messages, signal))).toEqual(expected)
          expect(there.health.counters).toEqual(here.health.counters)
          expect(countersOf(there)).toEqual(countersOf(here))
        }
      }
    })
  }

  test('is most of those that only compute', () => {
    expect(portable.length).toBeGreaterThan(30)
  })
})

function countersOf({ health }: Awaited<ReturnType<typeof chainOf>>): readonly unknown[] {
  return health.metrics
    .series()
    .filter(({ kind }) => kind !== 'timing')
    .map(({ name, labels, value }) => JSON.stringify([name, labels, value]))
    .toSorted()
}
