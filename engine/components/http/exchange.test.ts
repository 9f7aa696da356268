import { Agent } from 'undici'
import { afterAll, describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { realClock } from '../../ports/real-clock.ts'
import { toldServer } from '../testing.ts'
import { openDispatcher, REDIRECTS_MAX } from './dispatcher.ts'
import { type Answer, EXCERPT_BYTES_MAX, exchange } from './exchange.ts'

const dispatcher = new Agent()
afterAll(() => dispatcher.destroy())

const ask = (url: string, bodyBytesMax?: number, through: object = dispatcher): Promise<Answer> =>
  exchange(
    {
      url,
      method: 'GET',
      headers: {},
      body: undefined,
      timeoutMs: undefined,
      ...(bodyBytesMax === undefined ? {} : { bodyBytesMax }),
    },
    { dispatcher: through as Agent, clock: realClock, signal: new AbortController().signal },
  )

describe('an answer', () => {
  test('is taken whole up to what is wanted of it, and is none beyond', async () => {
    await using server = await toldServer(({ url }) => ({
      status: 200,
      body: 'x'.repeat(Number(url.slice(1))),
    }))
    const whole = await ask(`${server.url}/10`, 10)
    expect(whole.kind === 'answered' && Buffer.from(whole.body).toString()).toBe('x'.repeat(10))
    const large = await ask(`${server.url}/11`, 10)
    expect(large.kind === 'failed' && large.error.message).toContain('larger than is taken')
  })

  test('shows its beginning, where nobody wants it', async () => {
    const long = EXCERPT_BYTES_MAX * 400
    await using server = await toldServer(() => ({ status: 500, body: 'y'.repeat(long) }))
    const answer = await ask(server.url)
    expect(answer).toMatchObject({ status: 500, excerpt: 'y'.repeat(EXCERPT_BYTES_MAX) })
    expect(answer.kind === 'answered' && answer.body.length).toBe(0)
  })

  test('is followed so many times, and then taken as it is', async () => {
    await using server = await toldServer(({ url }) => {
      const left = Number(url.slice(1))
      return left === 0 ? { status: 200 } : { status: 302, headers: { location: `/${left - 1}` } }
    })
    const config = {
      tls: { enabled: false } as never,
      proxy_url: '',
      follow_redirects: true,
      disable_http2: false,
    }
    const opened = await openDispatcher(config, { environment: testEnvironment() })
    const status = async (times: number): Promise<number | undefined> => {
      const answer = await ask(`${server.url}/${times}`, 10, opened.dispatcher)
      return answer.kind === 'answered' ? answer.status : undefined
    }
    expect(await status(REDIRECTS_MAX)).toBe(200)
    expect(await status(REDIRECTS_MAX + 1)).toBe(302)
    await opened.close()
  })
})
