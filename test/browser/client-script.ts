/** Runs in the page: uses the client as a page would, and tells what came of it. */
import { HeadgateClient, RequestFailed } from '../../client/client.ts'

async function use(): Promise<unknown> {
  const headgate = new HeadgateClient<{ orders: { id: number } }>()
  const orders = headgate.stream('orders')
  await orders.append([
    { key: 'a', value: { id: 1 } },
    { key: 'b', value: { id: 2 } },
  ])
  const read: number[] = []
  for await (const { value } of orders.read()) read.push(value.id)
  const followed: number[] = []
  const appended = orders.append({ key: 'c', value: { id: 3 } })
  for await (const { value } of orders.read({ follow: true })) {
    followed.push(value.id)
    if (followed.length === 3) break
  }
  await appended
  const streams = await headgate.resources('Stream').list()
  const refused = await headgate
    .stream('orders')
    .append({ value: 'x'.repeat(3_000_000) as never })
    .catch((error) => error instanceof RequestFailed && error.status)
  return {
    read: read.toSorted(),
    followed: followed.toSorted(),
    streams: streams.map(({ metadata }) => metadata.name),
    refused,
  }
}

const told = await use().catch((error) => ({ error: String(error?.stack ?? error) }))
await fetch('/told', { method: 'POST', body: JSON.stringify(told) })
