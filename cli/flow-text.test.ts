import { expect, test } from 'vitest'
import { flowText } from './flow-text.ts'

const streams = [
  { stream: 'orders', lag: { records: 1, seconds: 4000 } },
  { stream: 'old', lag: { records: 12_000, seconds: null } },
  { stream: 'read', lag: { records: 0, seconds: 0 } },
]

test('a flow is told in words', () => {
  const latencySeconds = { p50: 0.0004, p99: 1.26 }
  expect(flowText({ running: true, delivered: 1200, latencySeconds, streams }).split('\n')).toEqual(
    [
      'Delivered:   1,200 messages; half within 0.4 ms, 99 of 100 within 1.3 s',
      'Behind:      orders: 1 record, 66m',
      '             old: 12,000 records',
      '             read: nothing',
      '',
    ],
  )
})

test('what was delivered as dead letters is told', () => {
  const deadLetters = [
    { stream: 'odd', letters: 0 },
    { stream: 'failed', letters: 1200 },
  ]
  expect(flowText({ running: true, delivered: 1500, deadLetters }).split('\n')).toEqual([
    'Delivered:    1,500 messages',
    'As letters:   failed: 1,200 messages of these',
    '',
  ])
})

test('of what has delivered nothing it says that, and of what does not run nothing', () => {
  expect(flowText({ running: true, delivered: 0, latencySeconds: null, streams: [] })).toBe(
    'Delivered:   0 messages\n',
  )
  expect(flowText({ running: false })).toBe('')
})
