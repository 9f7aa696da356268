import { describe, expect, test } from 'vitest'
import type { Problem } from './problem.ts'
import { problemText } from './problem-text.ts'
import { maskLine } from './secret-text.ts'
import { readTexts } from './testing.ts'

const problem: Problem = {
  file: 'a.yaml',
  line: 2,
  column: 8,
  width: 3,
  layer: 'schema',
  severity: 'error',
  code: 'FieldInvalid',
  message: 'expected b, got bad',
  hint: 'write b',
}

describe('a problem as text', () => {
  test('shows the line, a caret beneath and what to do', () => {
    expect(problemText(problem, 'x: 1\r\n  key: bad\r\n')).toBe(
      [
        'a.yaml:2:8: schema: expected b, got bad [FieldInvalid]',
        '2 |   key: bad',
        '  |        ^^^',
        '  hint: write b',
      ].join('\n'),
    )
  })

  test('is its first line and hint where the file is not at hand', () => {
    expect(problemText(problem, undefined)).toBe(
      'a.yaml:2:8: schema: expected b, got bad [FieldInvalid]\n  hint: write b',
    )
  })

  test('never shows a secret that stands on the same line', () => {
    const lines = [
      '  headers: {Authorization: Bearer topsecret, X-Team: {fromEnv: TEAM}}',
      '    x-api-key: "topsecret"',
      'password: topsecret # mine',
      '  url: https://me:topsecret@host/path',
      '{"client_secret": "topsecret"}',
    ]
    for (const line of lines) expect(maskLine(line)).not.toContain('topsecret')
    expect(maskLine('{fromSecret: {name: archive, key: token}}')).toBe(
      '{fromSecret: {name: archive, key: token}}',
    )
  })

  test('keeps a secret out of every report of a sink, valid or not', async () => {
    const sink = (headers: string, rest: string): string =>
      `apiVersion: headgate.dev/v1alpha1\nkind: Sink\nmetadata: {name: s}\nspec:\n  from: {stream: a}\n  endpoint:\n    type: standard\n    url: http://u:hunter2@x\n    headers: ${headers}\n${rest}`
    const texts = [
      sink('{Authorization: hunter2}', '    urll: x\n'),
      sink('{Authorization: hunter2, authorizaton: 5, token: [hunter2]}', ''),
      sink(`{X-Api-Key: "${'hunter2'.repeat(200)}"}`, ''),
    ]
    for (const text of texts) {
      const { problems } = await readTexts({ 'a.yaml': text })
      expect(problems.map(({ code }) => code)).toContain('SecretLiteral')
      for (const one of problems) expect(problemText(one, text)).not.toContain('hunter2')
      expect(JSON.stringify(problems)).not.toContain('hunter2')
    }
  })
})
