import { describe, expect, test } from 'vitest'
import { CONNECT_DURATION_LENGTH_MAX, parseConnectDuration } from './connect-duration.ts'

const ms = (text: string): number | string => {
  const parsed = parseConnectDuration(text)
  return parsed.kind === 'duration' ? parsed.ms : parsed.kind
}

describe('parseConnectDuration', () => {
  test('reads one part and several', () => {
    expect(ms('5s')).toBe(5_000)
    expect(ms('1m30s')).toBe(90_000)
    expect(ms('1.5h')).toBe(5_400_000)
    expect(ms('250ms')).toBe(250)
    expect(ms('100us')).toBeCloseTo(0.1)
    expect(ms('0')).toBe(0)
    expect(ms('0s')).toBe(0)
  })

  test('empty text is none', () => {
    expect(ms('')).toBe('none')
  })

  test('refuses what is no duration', () => {
    for (const text of ['5', 's', '5 s', '5x', '1d', '-5s', '5s6', '1e3s', '@every 5s']) {
      expect(ms(text)).toBe('invalid')
    }
  })

  test('refuses a text beyond the longest', () => {
    const longest = `${'1'.repeat(CONNECT_DURATION_LENGTH_MAX - 1)}s`
    expect(ms(longest)).not.toBe('invalid')
    expect(ms(`1${longest}`)).toBe('invalid')
  })
})
