import { describe, expect, test } from 'vitest'
import type { Need } from '../../engine/pipelines/pipeline.ts'
import { declarationOf } from '../testing.ts'
import { NO_GRANTS, requireGrants } from './grants.ts'

const need = (kind: Need['kind'], name: string): readonly Need[] => [{ kind, name, path: [] }]
const some = {
  ...NO_GRANTS,
  files: ['/data', 'out'],
  env: ['TOKEN', 'APP_*'],
  listeners: ['127.0.0.1:8080', '0.0.0.0:*'],
}
const asks = (kind: Need['kind'], name: string) => (): void =>
  requireGrants(need(kind, name), some, '/srv')

describe('grants', () => {
  test('allow what they name, and what lies beneath', () => {
    for (const [kind, name] of [
      ['file', '/data'],
      ['file', '/data/x/y'],
      ['file', './out/x'],
      ['env', 'TOKEN'],
      ['env', 'APP_X'],
      ['listener', '127.0.0.1:8080'],
      ['listener', '0.0.0.0:1'],
    ] as const)
      expect(asks(kind, name)).not.toThrow()
  })

  test('refuse everything else, and name the line to add', () => {
    for (const [kind, name] of [
      ['file', '/database'],
      ['file', '/data/../etc/passwd'],
      ['file', 'out/../x'],
      ['env', 'TOKENS'],
      ['env', 'HOME'],
      ['command', 'sh'],
      ['listener', '127.0.0.1:80'],
    ] as const)
      expect(asks(kind, name)).toThrow(expect.objectContaining({ code: 'GrantMissing' }))
    expect(asks('command', 'sh')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('commands: true') }),
    )
  })

  test('are everything for the folder that a person starts with up', () => {
    const { grants } = declarationOf('local')
    const all = [
      ...need('file', '/etc/hosts'),
      ...need('env', 'HOME'),
      ...need('command', 'sh'),
      ...need('listener', '0.0.0.0:80'),
    ]
    expect(() => requireGrants(all, grants, '/srv')).not.toThrow()
  })
})
