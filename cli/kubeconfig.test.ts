import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { openTestServer, type TestServer } from '../api/testing.ts'
import { headgate } from '../test/harness/headgate-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-kubeconfig-'))
let server: TestServer

beforeAll(async () => {
  server = await openTestServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const run = (...args: readonly string[]) =>
  headgate(['kubeconfig', ...args, '--server', server.url], { workingDirectory: folder })

test('prints a kubeconfig of the server and the namespace', async () => {
  const { status, stdout } = await run('-n', 'eu')
  expect(status).toBe(0)
  expect(parse(stdout)).toMatchObject({
    kind: 'Config',
    clusters: [{ name: 'headgate', cluster: { server: server.url } }],
    contexts: [{ context: { namespace: 'eu' } }],
    'current-context': 'headgate',
  })
})

test('writes a new file that only its owner reads, and says how it is used', async () => {
  const { status, stderr } = await run('config')
  expect([status, stderr]).toEqual([0, expect.stringContaining('export KUBECONFIG=config')])
  expect(parse(readFileSync(join(folder, 'config'), 'utf8'))).toMatchObject({ kind: 'Config' })
  expect(statSync(join(folder, 'config')).mode & 0o777).toBe(0o600)
})

test('writes over nothing', async () => {
  writeFileSync(join(folder, 'mine'), 'clusters')
  const { status, stderr } = await run('mine')
  expect([status, stderr]).toEqual([2, expect.stringContaining('exists already')])
  expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('clusters')
})

test('says so where no server answers', async () => {
  const { status, stdout } = await headgate(['kubeconfig', '--server', 'http://127.0.0.1:1'])
  expect([status, stdout]).toEqual([1, ''])
})
