import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'

const SHUFFLED = 'kind: Stream\napiVersion: headgate.dev/v1alpha1\nmetadata: {name: s} # its name\n'
const ORDERED = 'apiVersion: headgate.dev/v1alpha1\nkind: Stream\nmetadata: {name: s} # its name\n'
const WRONG = ORDERED.replace('name: s', 'name: S')

let folder = ''
const file = (name: string): string => readFileSync(join(folder, name), 'utf8')
const fmt = (args: readonly string[], input = '') =>
  headgate(['fmt', ...args], { workingDirectory: folder, input })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-fmt-'))
  mkdirSync(join(folder, 'more'))
  writeFileSync(join(folder, 'a.yaml'), ORDERED)
  writeFileSync(join(folder, 'more/b.yaml'), SHUFFLED)
})

describe('fmt', () => {
  test('writes a folder, names what it changed, and has nothing to do then', async () => {
    expect(await fmt([])).toEqual({ status: 0, stdout: 'more/b.yaml\n', stderr: '' })
    expect([file('a.yaml'), file('more/b.yaml')]).toEqual([ORDERED, ORDERED])
    expect(await fmt(['.', 'more/b.yaml'])).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('changes nothing with --check, and ends with 1 when it would', async () => {
    expect(await fmt(['--check'])).toEqual({ status: 1, stdout: 'more/b.yaml\n', stderr: '' })
    expect(file('more/b.yaml')).toBe(SHUFFLED)
    expect((await fmt(['--check', 'a.yaml'])).status).toBe(0)
  })

  test('filters stdin, and passes on what it cannot form', async () => {
    expect(await fmt(['-'], SHUFFLED)).toEqual({ status: 0, stdout: ORDERED, stderr: '' })
    const wrong = await fmt(['-'], WRONG)
    expect([wrong.status, wrong.stdout]).toEqual([1, WRONG])
  })

  test('leaves a file with errors as it is, tells them, and writes the others', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), WRONG)
    const result = await fmt([])
    expect([result.status, result.stdout]).toEqual([1, 'more/b.yaml\n'])
    expect(result.stderr).toContain('wrong.yaml:3:')
    expect(result.stderr).toContain('wrong.yaml is left as it is.')
    expect(file('wrong.yaml')).toBe(WRONG)
    expect((await fmt(['nothing.yaml'])).status).toBe(2)
  })
})
