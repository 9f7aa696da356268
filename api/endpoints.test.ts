import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { RESERVED_SEGMENTS, SharedEndpoints } from './endpoints.ts'

const logged: unknown[] = []
const logger = { error: (_message: string, fields?: unknown) => logged.push(fields) }

test('what a handler throws is answered, and its cause is in the log', () => {
  const endpoints = new SharedEndpoints(logger)
  const cause = new Error('broken')
  using _mounted = endpoints.mount('/a/post', () => {
    throw cause
  })
  const request = new IncomingMessage(new Socket())
  request.url = '/a/post'
  const response = new ServerResponse(request)
  expect(endpoints.answer(request, response)).toBe(true)
  expect(response.statusCode).toBe(500)
  expect(logged).toEqual([{ error: cause }])
})

test("a path of the server's own is refused for good, in any letter case", () => {
  const endpoints = new SharedEndpoints(logger)
  const refusal = expect.objectContaining({ code: 'ComponentConfigInvalid' })
  for (const segment of RESERVED_SEGMENTS) {
    expect(() => endpoints.mount(`/${segment.toUpperCase()}/post`, () => {})).toThrow(refusal)
  }
  using mounted = endpoints.mount('/streams-of-mine/post', () => {})
  expect(mounted).toBeDefined()
})

test('a path that another one has is refused until it is given back', () => {
  const endpoints = new SharedEndpoints(logger)
  {
    using _first = endpoints.mount('/a/post', () => {})
    const busy = expect.objectContaining({ code: 'ResourceBusy' })
    expect(() => endpoints.mount('/a/post', () => {})).toThrow(busy)
  }
  using again = endpoints.mount('/a/post', () => {})
  expect(again).toBeDefined()
})
