import { describe, expect, test } from 'vitest'
import type { QuotaUse } from '../../engine/streams/quotas.ts'
import { quotaPressure, quotaStatus } from './quota-status.ts'

const MIB = 1024 * 1024
const useOf = (given: Partial<QuotaUse>): QuotaUse => ({
  namespace: 'team',
  bytes: 100 * MIB,
  usedBytes: 0,
  refusing: undefined,
  ...given,
})

describe('what a stream shows of its quota', () => {
  test('is what is allowed and what is used', () => {
    expect(quotaStatus(useOf({ usedBytes: 5, bytesPerSecond: 7 }))).toEqual({
      bytes: 100 * MIB,
      usedBytes: 5,
      bytesPerSecond: 7,
    })
    const { bytes: _, ...rateOnly } = useOf({ bytesPerSecond: 7 })
    expect(quotaStatus(rateOnly)).toEqual({ usedBytes: 0, bytesPerSecond: 7 })
  })

  test('presses from the first byte above four fifths on', () => {
    expect(quotaPressure(useOf({ usedBytes: 80 * MIB }))).toBeUndefined()
    expect(quotaPressure(useOf({ usedBytes: 80 * MIB + 1 }))).toEqual({
      type: 'QuotaPressure',
      status: 'True',
      reason: 'QuotaNearlyFull',
      message:
        'The streams of namespace team hold 80.0 MiB of 100.0 MiB; appends above it are refused.',
    })
  })

  test('presses while it refuses, by whichever it refuses', () => {
    expect(quotaPressure(useOf({ usedBytes: 50 * MIB, refusing: 'bytes' }))).toMatchObject({
      reason: 'QuotaExceeded',
      message: 'The streams of namespace team hold 50.0 MiB of 100.0 MiB; appends are refused.',
    })
    const fast = useOf({ usedBytes: 90 * MIB, bytesPerSecond: MIB, refusing: 'bytesPerSecond' })
    expect(quotaPressure(fast)).toMatchObject({
      reason: 'RateExceeded',
      message: 'More than 1.0 MiB a second come into namespace team; some appends are refused.',
    })
  })

  test('never presses where only the rate is limited and kept', () => {
    const { bytes: _, ...rateOnly } = useOf({ bytesPerSecond: 7, usedBytes: 2 ** 50 })
    expect(quotaPressure(rateOnly)).toBeUndefined()
  })
})
