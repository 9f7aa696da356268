import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-quotas-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const write = (name: string, text: string): void => writeFileSync(join(root, name), text)

test('a quota that is wrong is shown in its place before anything is started', async () => {
  write('headgate.yaml', 'quotas:\n  default: {byte: 1KiB}\n')
  const { status, stderr } = await headgate(['up', '--config', join(root, 'headgate.yaml')])
  expect(status).toBe(2)
  expect(stderr).toContain(`headgate.yaml:2:13: schema: there is no field byte in quotas.default
2 |   default: {byte: 1KiB}
  |             ^^^^
  hint: did you mean bytes?`)
})
