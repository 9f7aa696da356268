import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../engine/error-codes.ts'
import { explainCode } from './explain-code.ts'

describe('the explanation of a code', () => {
  test('is there for every code of the table: its meaning, what to do, and whether it is tried again', async () => {
    for (const [code, { meaning }] of Object.entries(ERROR_CODES)) {
      const text = (await explainCode(code)) ?? ''
      expect(text.startsWith(`${code}\n\n${meaning}\n\nWhat to do. `)).toBe(true)
      expect(text).toMatch(/\n\nRetry\. .*\n\nSeen as\. HTTP [0-9]{3} /)
    }
  })

  test('shows a wrong file with its report, and no secret in it', async () => {
    expect(await explainCode('FieldUnknown')).toContain('    shard: 2')
    expect(await explainCode('FieldUnknown')).toContain('did you mean shards?')
    expect(await explainCode('SecretLiteral')).toContain('Authorization: ***\n')
  })

  test('is found in any letter case, and is not there for what is no code', async () => {
    expect(await explainCode('yamlrefused')).toBe(await explainCode('YamlRefused'))
    expect(await explainCode('toString')).toBeUndefined()
    expect(await explainCode('Stream')).toBeUndefined()
  })
})
