import { expect, test } from 'vitest'
import { goDuration } from './go-duration.ts'

test.each([
  [0, '0s'],
  [1, '1ns'],
  [1_500, '1.5µs'],
  [1_000_000, '1ms'],
  [999_999_999, '999.999999ms'],
  [1_000_000_000, '1s'],
  [7_223_545_951, '7.223545951s'],
  [60_000_000_000, '1m0s'],
  [3_723_500_000_000, '1h2m3.5s'],
  [360_000_000_000_000, '100h0m0s'],
])('%d ns are %s', (ns, text) => {
  expect(goDuration(ns)).toBe(text)
})
