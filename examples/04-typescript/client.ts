/** Appends two orders, and waits for what becomes of them. */
import { HeadgateClient } from 'headgate/client'
import type { Streams } from './streams.ts'

const headgate = new HeadgateClient<Streams>({ server: 'http://127.0.0.1:4195' })
await headgate.stream('orders').append([
  {
    key: '1',
    value: { number: 1, customer: 'Ada', items: [{ article: 'tea', price: 4.5, quantity: 2 }] },
  },
  { key: '2', value: { number: 2, customer: 'Grace', items: [{ article: 'cup', price: 6 }] } },
])
let seen = 0
for await (const { value } of headgate.stream('clean-orders').read({ follow: true })) {
  console.log(`${value.customer} pays ${value.total?.toFixed(2)} EUR`)
  seen += 1
  if (seen === 2) break
}
