import { describe, expect, test } from 'vitest'
import { resource } from '../testing.ts'
import { readSelectors, SELECTOR_LENGTH_MAX } from './selectors.ts'

function labelled(labels: Readonly<Record<string, string>>) {
  const object = resource('Stream', 'orders')
  return { ...object, metadata: { ...object.metadata, labels } }
}

describe('a label selector', () => {
  test.each([
    ['team=a', { team: 'a' }, { team: 'b' }],
    ['team==a', { team: 'a' }, {}],
    ['team!=a', {}, { team: 'a' }],
    ['team in (a, b)', { team: 'b' }, { team: 'c' }],
    ['team notin (a,b)', {}, { team: 'a' }],
    ['team', { team: '' }, {}],
    ['!team', {}, { team: 'a' }],
    ['a=1,team in (a,b),!c', { a: '1', team: 'a' }, { a: '1', team: 'a', c: '' }],
    ['example.com/team=a', { 'example.com/team': 'a' }, { team: 'a' }],
  ])('%s', (labelSelector, wanted, unwanted) => {
    const matches = readSelectors({ labelSelector })
    expect([matches?.(labelled(wanted)), matches?.(labelled(unwanted))]).toEqual([true, false])
  })

  test.each(['a===b', '-a', 'a in b', 'a=b c', ',', 'a'.repeat(SELECTOR_LENGTH_MAX + 1)])(
    'that is none is refused: %s',
    (labelSelector) => {
      expect(() => readSelectors({ labelSelector })).toThrow(
        expect.objectContaining({ code: 'BadRequest' }),
      )
    },
  )
})

describe('a field selector', () => {
  test.each([
    ['metadata.name=orders', true],
    ['metadata.name!=orders', false],
    ['metadata.name=orders,metadata.namespace=eu', false],
  ])('%s', (fieldSelector, expected) => {
    expect(readSelectors({ fieldSelector })?.(labelled({}))).toBe(expected)
  })

  test('of a field that is not offered is refused, and names it', () => {
    expect(() => readSelectors({ fieldSelector: 'spec.type=a' })).toThrow(
      'field label not supported: spec.type',
    )
  })
})

test('no selector selects everything', () => {
  expect(readSelectors({ labelSelector: '', fieldSelector: undefined })).toBeUndefined()
})
