import { describe, expect, test } from 'vitest'
import { Message } from './message.ts'
import {
  inheritResponses,
  respond,
  SYNC_RESPONSE_MESSAGES_MAX,
  SyncResponses,
} from './sync-response.ts'

const message = (text: string): Message => Message.fromBytes(Buffer.from(text))
const texts = ({ messages }: SyncResponses): string[] =>
  messages.map((one) => Buffer.from(one.content()).toString())

describe('responses', () => {
  test('reach whoever waits, from whatever the message became', () => {
    const [one, two] = [message('one'), message('two')]
    const responses = new SyncResponses([one, two])
    respond(two.withContent(Buffer.from('x')).withFailure(undefined), message('b'))
    respond(one, message('a'))
    expect(texts(responses)).toEqual(['b', 'a'])
  })

  test('are forgotten where nobody waits', () => {
    expect(() => respond(message('one'), message('a'))).not.toThrow()
  })

  test('reach whoever waits for the first of several that became one', () => {
    const request = message('one')
    const responses = new SyncResponses([request])
    const joined = message('one and two')
    respond(joined, message('too early'))
    inheritResponses(request, joined)
    respond(joined.withContent(Buffer.from('x')), message('a'))
    expect(texts(responses)).toEqual(['a'])
  })

  test('are taken up to so many bytes and messages, and not beyond', () => {
    const responses = new SyncResponses([message('one')], 4)
    responses.add(message('abc'))
    responses.add(message('d'))
    expect(() => responses.add(message('e'))).toThrow('at most 4 bytes')
    const many = new SyncResponses([message('one')])
    for (let count = 0; count < SYNC_RESPONSE_MESSAGES_MAX; count++) many.add(message(''))
    expect(() => many.add(message(''))).toThrow(`${SYNC_RESPONSE_MESSAGES_MAX} messages`)
  })
})
