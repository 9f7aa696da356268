import { expect, test } from 'vitest'
import { RESERVED_SEGMENTS, SharedEndpoints } from './endpoints.ts'

test("a path of the server's own is refused for good, in any letter case", () => {
  const endpoints = new SharedEndpoints()
  const refusal = expect.objectContaining({ code: 'ComponentConfigInvalid' })
  for (const segment of RESERVED_SEGMENTS) {
    expect(() => endpoints.mount(`/${segment.toUpperCase()}/post`, () => {})).toThrow(refusal)
  }
  using mounted = endpoints.mount('/streams-of-mine/post', () => {})
  expect(mounted).toBeDefined()
})

test('a path that another one has is refused until it is given back', () => {
  const endpoints = new SharedEndpoints()
  {
    using _first = endpoints.mount('/a/post', () => {})
    const busy = expect.objectContaining({ code: 'ResourceBusy' })
    expect(() => endpoints.mount('/a/post', () => {})).toThrow(busy)
  }
  using again = endpoints.mount('/a/post', () => {})
  expect(again).toBeDefined()
})
