import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../../engine/error-codes.ts'
import { ERRORS_PAGE } from '../../scripts/generate-errors.ts'
import { ROOT, sourceFiles } from './source-files.ts'

describe('the error table', () => {
  test('equals its docs page, code for code', () => {
    const page = readFileSync(join(ROOT, ERRORS_PAGE), 'utf8')
    const documented = [...page.matchAll(/^\| \[`(\w+)`/gm)].map(([, code]) => code)
    expect(documented).toEqual(Object.keys(ERROR_CODES).sort())
  })

  test('has no code that nothing raises', () => {
    const text = sourceFiles()
      .filter(({ path }) => !path.endsWith('.test.ts') && path !== 'engine/error-codes.ts')
      .map((file) => file.text)
      .join('\n')
    const silent = Object.keys(ERROR_CODES).filter((code) => !text.includes(`'${code}'`))
    expect(silent).toEqual([])
  })
})
