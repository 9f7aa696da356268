import { expect, it } from 'vitest'
import { PARTITIONS_MAX, parseTopicSelection } from './topic-selection.ts'

it('parts topics that stand in one text', () => {
  expect(parseTopicSelection(['orders, returns', 'orders'])).toEqual({
    topics: ['orders', 'returns'],
    partitions: new Map(),
  })
})

it('reads partitions and ranges of them, both ends included', () => {
  expect(parseTopicSelection(['orders:2-4,orders:0', 'returns:1'])).toEqual({
    topics: [],
    partitions: new Map([
      ['orders', [0, 2, 3, 4]],
      ['returns', [1]],
    ]),
  })
})

it.each([
  ['orders', 'returns:0'],
  ['orders:'],
  ['orders:x'],
  ['orders:3-1'],
  ['orders:0:1'],
  [':0'],
  [' , '],
  [],
])('refuses %j', (...items) => {
  expect(parseTopicSelection(items)).toMatch(/^expected /)
})

it('refuses a range one above the bound', () => {
  expect(parseTopicSelection([`t:1-${PARTITIONS_MAX}`])).toBeTypeOf('object')
  expect(parseTopicSelection([`t:0-${PARTITIONS_MAX}`])).toBeTypeOf('string')
})
