import { expect, test } from 'vitest'
import { processorStreams } from './processor-streams.ts'

const step = { typescript: { module: './clean.ts' } }
const orders = { stream: { name: 'orders' } }
const clean = { stream: { name: 'clean' } }

const of = (input: unknown, processors: readonly unknown[], output: unknown) =>
  processorStreams('p', { input, pipeline: { processors }, output }).map(({ reads, writes }) => [
    reads,
    writes,
  ])

test('one alone gets what is read and gives what is written', () => {
  expect(of(orders, [step], clean)).toEqual([[['orders'], ['clean']]])
  expect(of(orders, [{ log: {} }, step, { metric: {} }], clean)).toEqual([[['orders'], ['clean']]])
})

test('beside what may change a record, nothing is guessed', () => {
  expect(of(orders, [{ mapping: 'root = 1' }, step], clean)).toEqual([[undefined, ['clean']]])
  expect(of(orders, [step, { mapping: 'root = 1' }], clean)).toEqual([[['orders'], undefined]])
  expect(of({ ...orders, processors: [{ noop: {} }] }, [step], clean)).toEqual([
    [undefined, ['clean']],
  ])
  expect(of(orders, [step, step], clean)).toEqual([
    [['orders'], undefined],
    [undefined, ['clean']],
  ])
})

test('several ends are all of them, and one that is no stream makes them unknown', () => {
  const both = { broker: { inputs: [orders, { stream: { name: 'more' } }] } }
  const cases = { switch: { cases: [{ check: 'true', output: clean }, { output: orders }] } }
  expect(of(both, [step], cases)).toEqual([
    [
      ['orders', 'more'],
      ['clean', 'orders'],
    ],
  ])
  const mixed = { broker: { inputs: [orders, { stdin: {} }] } }
  expect(of(mixed, [step], { drop: {} })).toEqual([[undefined, undefined]])
  expect(of({ stdin: {} }, [step], { fallback: [clean, { drop: {} }] })).toEqual([
    [undefined, ['clean']],
  ])
})

test('without such a processor there is nothing', () => {
  expect(of(orders, [{ mapping: 'root = this' }], clean)).toEqual([])
  expect(processorStreams('p', {})).toEqual([])
})
