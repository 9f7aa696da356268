import { type HeadgateMatchers, headgateMatchers, loadFolder } from 'headgate/testing'
import { describe, expect, test } from 'vitest'
import type { Order, Streams } from './streams.ts'

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void>, T> extends HeadgateMatchers<R> {}
}

expect.extend(headgateMatchers)

const folder = await loadFolder<Streams>(import.meta.dirname)
const cleaned = (...orders: readonly Order[]) =>
  folder.run('clean', { orders: orders.map((value) => ({ key: `${value.number}`, value })) })

const TEA = { article: 'tea', price: 4.5, quantity: 2 }

describe('clean', () => {
  test('adds up what is ordered', async () => {
    const run = await cleaned({
      number: 1,
      customer: 'Ada',
      items: [TEA, { article: 'cup', price: 1 }],
    })
    expect(run).toHaveDelivered('clean-orders', [{ number: 1, customer: 'Ada', total: 10 }])
    expect(run.streams['clean-orders'][0]?.key).toBe('1')
    expect(run).toBeExactlyOnce()
  })

  test('leaves out orders of nothing', async () => {
    expect(await cleaned({ number: 2, items: [] })).toHaveDelivered('clean-orders', [])
  })

  test('keeps orders that it fails on, with the reason', async () => {
    const run = await cleaned(
      { number: 3, items: [{ ...TEA, price: -1 }] },
      { number: 4, items: [TEA] },
    )
    expect(run).toHaveDeadLettered('order 3 has a total of -2')
    expect(run.values('clean-orders')).toEqual([{ number: 4, customer: null, total: 9 }])
  })
})
