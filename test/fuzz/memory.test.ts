import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hostileFiles } from './hostile-files.ts'

const RISE_MIB_MAX = 64
const PROCESS = join(import.meta.dirname, 'memory-process.ts')
/** Those that take most; each is a process of its own. */
const CASES = [
  'a scalar of 50 MB',
  '10,000 levels of lists',
  'a list to the limit',
  'comments',
  'aliases',
  'documents',
  'a long text',
  'a mapping that is wrong on every line',
]

describe('memory above the idle process', () => {
  test.each([...CASES, 'damaged files'])(
    `${RISE_MIB_MAX} MiB are enough for %s`,
    {
      timeout: 60_000,
    },
    (name) => {
      const args = ['--expose-gc', PROCESS, name]
      const risen = Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
      expect(risen).toBeLessThanOrEqual(RISE_MIB_MAX)
    },
  )

  test('the cases are files that there are', () => {
    expect(CASES.filter((name) => !hostileFiles().has(name))).toEqual([])
  })
})
