import { describe, expect, test } from 'vitest'
import { resource } from '../testing.ts'
import { humanDuration } from './human-duration.ts'
import { compilePath } from './json-path.ts'
import { SERVED, servedOf } from './kinds.ts'
import { tableRow } from './table.ts'

const NOW_US = Date.parse('2026-01-31T12:00:00Z') * 1000

const stream = {
  ...resource('Stream', 'orders', {
    spec: { type: 'order', protected: true },
    status: { shards: 4, conditions: [{ type: 'Ready', status: 'True', reason: 'Available' }] },
  }),
  metadata: { name: 'orders', namespace: 'default', creationTimestamp: '2026-01-31T11:59:00Z' },
}

describe('a row', () => {
  test('has a cell for each column, empty where there is nothing', () => {
    const row = tableRow(stream, servedOf('streams').columns, 'None', NOW_US)
    expect(row).toEqual({
      cells: ['orders', 'True', 'Available', 'order', 4, null, true, null, '60s'],
    })
  })

  test('carries as much of the object as is asked for', () => {
    const { columns } = servedOf('streams')
    expect(tableRow(stream, columns, 'Object', NOW_US)).toMatchObject({ object: stream })
    const { object } = tableRow(stream, columns, 'Metadata', NOW_US) as { object: object }
    expect(object).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: stream.metadata,
    })
  })

  test('can be made of everything that is served', () => {
    for (const { columns } of SERVED)
      expect(tableRow(stream, columns, 'None', NOW_US)).toMatchObject({ cells: expect.anything() })
  })
})

test.each([
  [-5000, '<invalid>'],
  [-1500, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [125_000, '2m5s'],
  [600_000, '10m'],
  [3 * 3_600_000 + 120_000, '3h2m'],
  [47 * 3_600_000, '47h'],
  [49 * 3_600_000, '2d1h'],
  [30 * 86_400_000, '30d'],
  [3 * 365 * 86_400_000 + 86_400_000, '3y1d'],
  [9 * 365 * 86_400_000, '9y'],
])('%i ms ago is %s', (ms, text) => {
  expect(humanDuration(ms)).toBe(text)
})

test('a path that is none is refused when it is compiled', () => {
  expect(compilePath('.a[1].b')({ a: [{}, { b: 'x' }] })).toBe('x')
  for (const path of ['', 'a', '.a[*]', '.a..b']) expect(() => compilePath(path)).toThrow(path)
})
