import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { Message } from '../../pipelines/message.ts'
import { Handover } from './handover.ts'

const forever = new AbortController().signal
const batch = (text: string): Message[] => [Message.fromBytes(Buffer.from(text))]

test('batches go out in their order, and one that is put back goes first', async () => {
  const handover = new Handover()
  const [one, two] = [batch('one'), batch('two')]
  const offered = [handover.offer(one, forever), handover.offer(two, forever)]
  const first = await handover.take(forever)
  expect(first?.batch).toBe(one)
  first?.putBack()
  const again = await handover.take(forever)
  expect(again?.batch).toBe(one)
  again?.done()
  await offered[0]
  const second = await handover.take(forever)
  expect(second?.batch).toBe(two)
  second?.done()
  await offered[1]
})

test('what is given up is offered to nobody, not even when a client puts it back', async () => {
  const handover = new Handover()
  const stop = new AbortController()
  const [waiting, held] = [batch('waiting'), batch('held')]
  const offers = [handover.offer(held, stop.signal), handover.offer(waiting, stop.signal)]
  const taken = await handover.take(forever)
  stop.abort(new Error('stopped'))
  taken?.putBack()
  expect(await Promise.allSettled(offers)).toMatchObject([
    { status: 'rejected' },
    { status: 'rejected' },
  ])
  const next = batch('next')
  void handover.offer(next, forever)
  expect((await handover.take(forever))?.batch).toBe(next)
})

test('a delivered batch leaves nothing behind at the signal', async () => {
  const handover = new Handover()
  const { signal } = new AbortController()
  const offered = handover.offer(batch('x'), signal)
  const taken = await handover.take(signal)
  taken?.done()
  await offered
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('closing sends clients away and delivers nothing', async () => {
  const handover = new Handover()
  const offered = handover.offer(batch('x'), forever)
  const taken = await handover.take(forever)
  const waiting = handover.take(forever)
  handover.close()
  expect(await waiting).toBeUndefined()
  taken?.putBack()
  await expect(offered).rejects.toThrow('closed before')
  await expect(handover.offer(batch('y'), forever)).rejects.toThrow('closed before')
})
