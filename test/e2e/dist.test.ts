/** What `npm run build` emits starts by itself: lazy imports and the generated registry resolve in it. */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const BUILD_MS_MAX = 120_000

let home: string

/** As it is installed: the command, `dist/` and the packages, and nothing of the source. */
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'headgate-dist-'))
  mkdirSync(join(home, 'bin'))
  copyFileSync(join(ROOT, 'bin/headgate.mjs'), join(home, 'bin/headgate.mjs'))
  copyFileSync(join(ROOT, 'package.json'), join(home, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
  cpSync(join(ROOT, 'examples'), join(home, 'examples'), { recursive: true })
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = run(
    compiler,
    '-p',
    join(ROOT, 'tsconfig.build.json'),
    '--outDir',
    join(home, 'dist'),
  )
  expect([status, stdout]).toEqual([0, ''])
}, BUILD_MS_MAX)
afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(script: string, ...given: readonly string[]): Result {
  return spawnSync(process.execPath, [script, ...given], {
    cwd: home,
    encoding: 'utf8',
    input: '{"name":"ada"}\n',
    env: { ...process.env, NO_COLOR: '1' },
  })
}

const headgate = (...given: readonly string[]): Result =>
  run(join(home, 'bin/headgate.mjs'), ...given)

describe('the built command', () => {
  test('says its version, and when it was built', () => {
    const { status, stdout } = headgate('version')
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^headgate \d+\.\d+\.\d+ \(\d{4}-/)])
  })

  test('judges every component of an example', () => {
    const { status, stderr } = headgate('validate', 'examples/01-quickstart')
    expect([status, stderr]).toEqual([0, expect.stringContaining('no problems')])
  })

  test('brings nothing that only tests use', () => {
    expect(existsSync(join(home, 'dist/engine/components/testing.js'))).toBe(false)
  })

  test('runs processors in workers', () => {
    const script = join(home, 'workers.mjs')
    const mapping = 'root.id = this.id * 2'
    const built = './dist/engine/pipelines/workers/chain-worker.js'
    writeFileSync(
      script,
      `import { Worker } from 'node:worker_threads'
      const names = { namespace: 'default', name: 'p', group: 'g', endpointPrefix: '/p', directory: '.' }
      const chain = { processors: [{ mapping: ${JSON.stringify(mapping)} }], resources: new Map(), strict: false }
      const progress = new SharedArrayBuffer(4)
      const workerData = { ...names, ...chain, env: new Map(), progress }
      const worker = new Worker(new URL('${built}', import.meta.url), { workerData, env: {} })
      const told = await new Promise((resolve) => worker.once('message', resolve))
      console.log(told.kind)
      await worker.terminate()`,
    )
    expect(run(script)).toMatchObject({ status: 0, stdout: 'ready\n' })
  })

  test('syncs a journal in its thread', () => {
    const script = join(home, 'sync.mjs')
    writeFileSync(
      script,
      `import { realDisk } from './dist/engine/ports/real-disk.js'
      const file = await realDisk.files.open(import.meta.filename, 'journal')
      await file.sync()
      process.stdout.write('synced')`,
    )
    const { status, stdout, stderr } = run(script)
    expect([status, stdout, stderr]).toEqual([0, 'synced', ''])
  })

  test('runs a module of TypeScript in a thread, and says where it fails', () => {
    writeFileSync(
      join(home, 'twice.ts'),
      `export default (record: { value: number }) => {
        if (record.value > 1) throw new Error('too much')
        return { value: record.value * 2 }
      }`,
    )
    const script = join(home, 'module.mjs')
    writeFileSync(
      script,
      `import { pathToFileURL } from 'node:url'
      import { ModuleRunner } from "./dist/engine/components/typescript/module-runner.js"
      import { Message } from "./dist/engine/pipelines/message.js"
      import { realClock } from "./dist/engine/ports/real-clock.js"
      const folder = import.meta.dirname
      const runner = await ModuleRunner.start({
        url: pathToFileURL(folder + '/twice.ts').href, folder,
        pipeline: 'test', namespace: 'default', label: '', deadlineMs: 5000, memoryBytesMax: 2 ** 28,
        clock: realClock, logger: console, report: () => {},
        failed: (message, why) => message.withValue(why.message),
      })
      const batch = [1, 2].map((value) => Message.fromValue(value))
      const made = await runner.run(batch, new AbortController().signal)
      process.stdout.write(made.map((message) => message.text()).join(', '))
      await runner.close()`,
    )
    const { status, stdout, stderr } = run(script)
    expect([status, stdout]).toEqual([0, '2, twice.ts:2:37: too much'])
    expect(stderr).toMatch(/^a record failed at a module .*\n$/)
  })

  test('runs a mapping', () => {
    const { status, stdout } = headgate('blobl', 'root.name = this.name.uppercase()')
    expect([status, stdout]).toEqual([0, '{"name":"ADA"}\n'])
  })

  test('is a client, under its name', () => {
    const script = join(home, 'client.mjs')
    writeFileSync(
      script,
      `import { HeadgateClient } from 'headgate/client'
      process.stdout.write(new HeadgateClient().stream('orders').name)`,
    )
    const { status, stdout, stderr } = run(script)
    expect([status, stdout, stderr]).toEqual([0, 'orders', ''])
  })
})
