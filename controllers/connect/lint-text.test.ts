import { expect, test } from 'vitest'
import { lintText } from './lint-text.ts'

const text = (message: string, hint?: string): string =>
  lintText({ line: 1, column: 2, message, ...(hint === undefined ? {} : { hint }) })

test('a misspelt field is told with the one that was probably meant', () => {
  expect(text('unknown field "retires"', 'Did you mean "retries"?')).toBe(
    '(1,2) field retires not recognised: did you mean "retries"?',
  )
  expect(text('unknown field "lable" beside processor try', 'did you mean "label"?')).toBe(
    '(1,2) field lable is invalid when the component type is try (processor): did you mean "label"?',
  )
})

test('a field like no other is told without a list of all fields', () => {
  expect(text('unknown field "a"', 'Fields here are: b.')).toBe('(1,2) field a not recognised')
})

test('only a component of an unknown type cannot be told', () => {
  expect(text('there is no input named "a"')).toBe(
    '(1,2) unable to infer component type: there is no input named "a"',
  )
  expect(text('expected a processor, got an empty object')).toMatch(/^\(1,2\) unable to infer/)
  expect(text('there is no entry "a" in cache_resources', 'Did you mean "b"?')).toBe(
    '(1,2) there is no entry "a" in cache_resources: Did you mean "b"?',
  )
  expect(text('resource "a" leads back to itself')).toBe('(1,2) resource "a" leads back to itself')
})
