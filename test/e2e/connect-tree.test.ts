/** A tree of configs as streams mode takes it: linted, tested, imported and run, without a change to any file. */
import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { headgate, up } from '../harness/headgate-process.ts'

const TREE = join(import.meta.dirname, '../connect-tree')
const POLL_MS = 20
const WAIT_MS_MAX = 30_000

test('a tree of Connect configs runs unchanged', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-connect-'))
  cpSync(TREE, folder, { recursive: true })
  const at = (name: string): string => join(folder, name)
  const lint = await headgate(['lint', at('streams'), '-r', at('resources')])
  expect([lint.status, lint.stdout]).toEqual([0, ''])
  const tests = await headgate(['test', at('streams'), '-r', at('resources')])
  expect([tests.status, tests.stderr.trim()]).toEqual([0, '4 tests in 2 files: all passed'])
  const imported = await headgate([
    'import',
    'connect',
    at('streams'),
    '--to',
    at('config'),
    '-r',
    at('resources'),
    '-o',
    at('observability.yaml'),
    '--data-dir',
    at('data'),
  ])
  expect([imported.status, imported.stdout]).toEqual([
    0,
    expect.stringContaining('Plan: 2 to create, 0 as declared.'),
  ])
  expect((await headgate(['test', at('config')])).status).toBe(0)
  await using server = await up({
    folder: at('config'),
    dataDirectory: at('data'),
    environment: { OUT: at('out') },
  })
  const order = JSON.stringify({ id: 'z', lines: [{ price: 60, count: 2 }] })
  const posted = await fetch(`${server.url}/orders/orders`, { method: 'POST', body: order })
  expect(posted.status).toBe(200)
  expect(JSON.parse(readFileSync(at('out/large.jsonl'), 'utf8'))).toEqual(
    expect.objectContaining({ id: 'z', total: 120, source: 'north' }),
  )
  const readings = at('out/readings.jsonl')
  await until(() => existsSync(readings) && readFileSync(readings, 'utf8').includes('"s3"'))
  expect(readFileSync(readings, 'utf8')).toContain('"fahrenheit":86')
})

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += POLL_MS) {
    if (waited > WAIT_MS_MAX) throw new Error('it did not come to be')
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
