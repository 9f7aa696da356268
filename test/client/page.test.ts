/** What is different for the client in a page. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { HeadgateClient } from '../../client/client.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

async function urlAsked(server?: string): Promise<string> {
  const asked: string[] = []
  const client = new HeadgateClient({
    ...(server === undefined ? {} : { server }),
    fetch: async (url) => {
      asked.push(String(url))
      return Response.json({ records: [{ shard: 0, sequence: 1 }] })
    },
  })
  await client.stream('orders').append({ value: {} })
  return asked.join()
}

const PATH = '/apis/headgate.dev/v1alpha1/namespaces/default/streams/orders/records'

describe('the client in a page', () => {
  test('asks the server that gave the page, unless it is told another', async () => {
    vi.stubGlobal('location', { origin: 'https://shop.example' })
    expect(await urlAsked()).toBe(`https://shop.example${PATH}`)
    expect(await urlAsked('http://127.0.0.1:9')).toBe(`http://127.0.0.1:9${PATH}`)
    vi.stubGlobal('location', { origin: 'null' })
    expect(await urlAsked()).toBe(`http://127.0.0.1:4195${PATH}`)
  })

  test('makes keys where a page without TLS has no randomUUID', async () => {
    const { getRandomValues } = crypto
    vi.stubGlobal('crypto', { getRandomValues: getRandomValues.bind(crypto) })
    expect(await urlAsked()).toBe(`http://127.0.0.1:4195${PATH}`)
  })
})
