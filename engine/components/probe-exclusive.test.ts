import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { probeExclusive } from './probe-exclusive.ts'

const directory = mkdtempSync(join(tmpdir(), 'headgate-probe-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('a probe', () => {
  test('of a file that can be written leaves nothing behind, and what is there as it is', async () => {
    await probeExclusive(`file:${join(directory, 'a/b/c.jsonl')}`)
    expect(existsSync(join(directory, 'a'))).toBe(false)
    const path = join(directory, 'there.jsonl')
    writeFileSync(path, 'kept')
    await probeExclusive(`file:${path}`)
    expect(readFileSync(path, 'utf8')).toBe('kept')
  })

  test('of a file that cannot be written says so', async () => {
    mkdirSync(join(directory, 'folder'))
    for (const path of [join(directory, 'folder'), '/proc/nope/x'])
      await expect(probeExclusive(`file:${path}`)).rejects.toMatchObject({
        code: 'OutputFailed',
        message: expect.stringContaining(path),
      })
  })

  test('of a port gives it back, and says of one that is taken that it is', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(probeExclusive(`port:127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'ResourceBusy',
    })
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await probeExclusive(`port:127.0.0.1:${port}`)
    await probeExclusive(`port:127.0.0.1:${port}`)
    await probeExclusive('stdin')
  })
})
