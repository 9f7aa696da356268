/** The client in a real browser, in front of a real server. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { up } from '../harness/headgate-process.ts'
import { serveSite } from './client-page.ts'
import { findChromium } from './find-chromium.ts'

let home: string

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'headgate-browser-'))
})
afterAll(() => {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
})

test('a page appends, reads, follows, lists and is refused as a program is', async () => {
  const folder = join(home, 'config')
  mkdirSync(folder)
  const stream = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
spec: {shards: 3}
`
  writeFileSync(join(folder, 'orders.yaml'), stream)
  await using server = await up({ folder, dataDirectory: join(home, 'data') })
  await using site = await serveSite('/test/browser/client-script.ts', server.url)
  const options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run']
  const browser = spawn(
    findChromium() ?? 'chromium',
    [...options, `--user-data-dir=${join(home, 'profile')}`, site.url],
    { stdio: 'ignore' },
  )
  const gone = new Promise((resolve) => browser.on('exit', resolve))
  try {
    const ended = gone.then((status) => ({ error: `the browser ended with ${String(status)}` }))
    expect(await Promise.race([site.told, ended])).toEqual({
      read: [1, 2],
      followed: [1, 2, 3],
      streams: ['orders'],
      refused: 413,
    })
  } finally {
    browser.kill('SIGKILL')
    await gone
  }
})
