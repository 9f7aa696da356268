import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { windowEnds, windowEndText } from './window-times.ts'

const at = (text: string): number => Date.parse(text) * 1_000
const second = 1_000_000
const ends = (text: string, size: number, slide = size, offset = 0): string[] =>
  windowEnds(at(text), {
    sizeUs: size * second,
    slideUs: slide * second,
    offsetUs: offset * second,
  }).map(windowEndText)

describe('a moment is in', () => {
  test('one tumbling window, that begins where the day parts evenly', () => {
    expect(ends('2026-03-05T10:07:31Z', 60)).toEqual(['2026-03-05T10:08:00Z'])
    expect(ends('2026-03-05T10:07:31Z', 3_600)).toEqual(['2026-03-05T11:00:00Z'])
    expect(ends('2026-03-05T10:07:31Z', 86_400)).toEqual(['2026-03-06T00:00:00Z'])
    expect(ends('2026-03-05T10:07:31Z', 7 * 86_400)).toEqual(['2026-03-09T00:00:00Z'])
  })

  test('the window that begins with it, and not in the one that ends with it', () => {
    expect(ends('2026-03-05T10:07:00Z', 60)).toEqual(['2026-03-05T10:08:00Z'])
  })

  test('windows that are moved by an offset', () => {
    expect(ends('2026-03-05T10:07:31Z', 3_600, 3_600, 600)).toEqual(['2026-03-05T10:10:00Z'])
    expect(ends('2026-03-05T10:07:31Z', 3_600, 3_600, 300)).toEqual(['2026-03-05T11:05:00Z'])
  })

  test('as many sliding windows as overlap there', () => {
    expect(ends('2026-03-05T10:07:31Z', 60, 20)).toEqual([
      '2026-03-05T10:07:40Z',
      '2026-03-05T10:08:00Z',
      '2026-03-05T10:08:20Z',
    ])
  })
})

test('an end is written with no more of a fraction than there is', () => {
  expect(windowEndText(1_500_000)).toBe('1970-01-01T00:00:01.5Z')
  expect(windowEndText(-1)).toBe('1969-12-31T23:59:59.999999Z')
})

test('every moment is within each of its windows, and in size over slide of them', () => {
  const us = (max: number) => fc.integer({ min: 1, max })
  fc.assert(
    fc.property(
      fc.integer({ min: -4_000_000_000, max: 4_000_000_000 }),
      us(500_000),
      us(20),
      us(500_000),
      (seconds, slideUs, times, offset) => {
        const atUs = seconds * second + 123_457
        const shape = { sizeUs: slideUs * times, slideUs, offsetUs: offset % slideUs }
        const found = windowEnds(atUs, shape)
        expect(found).toHaveLength(times)
        for (const end of found) {
          expect(end).toBeGreaterThan(atUs)
          expect(end - shape.sizeUs).toBeLessThanOrEqual(atUs)
        }
      },
    ),
  )
})
