import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'

let folder: string
let server: HeadgateProcess

const STREAM = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: customers}
spec: {compaction: key}
`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-latest-'))
  writeFileSync(join(folder, 'streams.yaml'), STREAM)
  server = await up({ folder, dataDirectory: join(folder, '.data') })
})
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const run = (args: readonly string[]): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url])

describe('latest', () => {
  test('prints the latest record of a key, until an empty one removes it', async () => {
    await run(['produce', 'customers', '--key', 'c 7', '{"n": 1.0}', '{"n": 2.0}'])
    expect((await run(['latest', 'customers', 'c 7'])).stdout).toBe('{"n": 2.0}\n')
    const base64 = Buffer.from('c 7').toString('base64')
    const json = await run(['latest', 'customers', base64, '--base64', '-o', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ sequence: 2, key: 'c 7', value: { n: 2 } })
    await run(['produce', 'customers', '--key', 'c 7', ''])
    const gone = await run(['latest', 'customers', 'c 7'])
    expect([gone.status, gone.stdout]).toEqual([1, ''])
    expect(gone.stderr).toContain('expected a record of the key in stream customers, got none')
  })
})
