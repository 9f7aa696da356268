import { expect, test } from 'vitest'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { CHILD_LINE_BYTES_MAX, CHILD_LINES_MAX, logErrors } from './log-errors.ts'

function logged() {
  const texts: string[] = []
  const clock = new SimulatedClock()
  const silent = { debug: () => {}, info: () => {}, error: () => {} }
  const warn = (_: string, fields?: object) =>
    void texts.push(String((fields as { readonly text: string }).text))
  return { texts, clock, log: logErrors('sh', { clock, logger: { ...silent, warn } }) }
}

test('a second has as many lines of the log as the limit, and the next one as many again', async () => {
  const { texts, clock, log } = logged()
  const say = (count: number) => {
    for (let at = 0; at < count; at++) log(Buffer.from('a\n'))
  }
  say(CHILD_LINES_MAX)
  expect(texts).toHaveLength(CHILD_LINES_MAX)
  say(1)
  expect(texts).toHaveLength(CHILD_LINES_MAX)
  await clock.advance(1_000)
  say(1)
  expect(texts).toHaveLength(CHILD_LINES_MAX + 1)
})

test('a line of the log is as long as the limit, and no longer', () => {
  const { texts, log } = logged()
  log(Buffer.alloc(CHILD_LINE_BYTES_MAX, 'x'))
  log(Buffer.alloc(CHILD_LINE_BYTES_MAX + 1, 'x'))
  expect(texts.map(({ length }) => length)).toEqual([CHILD_LINE_BYTES_MAX, CHILD_LINE_BYTES_MAX])
})
