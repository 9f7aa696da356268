/** The catalogue is whole: every name of upstream's documentation is there, and nothing is there that it lacks. */
import { describe, expect, test } from 'vitest'
import { FUNCTION_NAMES, METHOD_NAMES } from './catalogue-names.ts'
import { functions } from './functions/index.ts'
import { methods } from './methods/index.ts'

describe('the catalogue', () => {
  test('has the 41 functions', () => {
    expect(FUNCTION_NAMES).toHaveLength(41)
    expect([...functions.keys()].sort()).toEqual([...FUNCTION_NAMES].sort())
  })

  test('has the 193 methods, aliases included', () => {
    expect(METHOD_NAMES).toHaveLength(193)
    expect([...methods.keys()].sort()).toEqual([...METHOD_NAMES].sort())
  })
})
