/** What `npm install headgate` brings into an empty folder: each entry point runs and type-checks there, and no more. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type InstalledPackage, installPackage } from './installed-package.ts'

const INSTALL_MS_MAX = 600_000
const BYTES_MAX = 2_000_000
/** Beside everything else on few cores, a compiler takes its time. */
const RUN_MS_MAX = 180_000

const PROGRAMS = {
  client: `import { HeadgateClient, RequestFailed } from 'headgate/client'
interface Streams { readonly orders: { readonly id: number } }
const client = new HeadgateClient<Streams>({ server: 'http://127.0.0.1:1' })
const thrown: unknown = await client.stream('orders').shards().catch((error: unknown) => error)
if (!(thrown instanceof RequestFailed)) throw thrown
console.log(thrown.reason)
export type Total = Awaited<ReturnType<typeof client.resources<'Stream'>>>
`,
  processor: `import type { Processor } from 'headgate/processor'
const clean: Processor<{ id: number }, { id: string }> = (record) => ({ value: { id: \`\${record.value.id}\` } })
console.log(typeof clean)
`,
  testing: `import { fakeClock, headgateMatchers, loadFolder, memoryEngine, runPipeline } from 'headgate/testing'
interface Streams { readonly orders: { readonly id: number } }
const config = { input: { stdin: {} }, output: { stream: { name: 'orders' } } }
const run = await runPipeline<Streams>(config, [{ value: { id: 7 } }], { clock: fakeClock() })
const ids: readonly number[] = run.values('orders').map(({ id }) => id)
console.log(ids.join(), typeof loadFolder, typeof headgateMatchers.toHaveDelivered)
await using engine = memoryEngine()
await engine.create('orders')
`,
} as const
/** Each uses what it must not. */
const WRONG = {
  client: `import { HeadgateClient } from 'headgate/client'
new HeadgateClient<{ readonly orders: { readonly id: number } }>().stream('orders').append({ value: { id: '1' } })
`,
  processor: `import type { Processor } from 'headgate/processor'
export const clean: Processor<{ id: number }, { id: string }> = (record) => ({ value: { id: record.value.id } })
`,
  testing: `import { runPipeline } from 'headgate/testing'
const run = await runPipeline<{ readonly orders: { readonly id: number } }>('x.yaml', [])
run.values('ordrs')
`,
} as const
type Entry = keyof typeof PROGRAMS
const ENTRIES = Object.keys(PROGRAMS) as readonly Entry[]
const PRINTS: Readonly<Record<Entry, string>> = {
  client: 'NotConnected\n',
  processor: 'function\n',
  testing: '7 function function\n',
}
/** Only what is for Node needs its types. */
const TYPES: Readonly<Record<Entry, string>> = { client: '', processor: '', testing: 'node' }
const RESOLUTIONS = [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const

let installed: InstalledPackage
beforeAll(() => {
  installed = installPackage()
}, INSTALL_MS_MAX)
afterAll(() => installed?.[Symbol.dispose]())

function typeCheck(files: readonly string[], entry: Entry, module: string, resolution: string) {
  const lib = 'es2024,esnext.disposable,dom,dom.iterable,dom.asynciterable'
  const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--lib', lib]
  const how = ['--module', module, '--moduleResolution', resolution, '--types', TYPES[entry]]
  return installed.run('tsc', '--target', 'es2024', ...options, ...how, ...files)
}

describe('an installed package', { timeout: RUN_MS_MAX }, () => {
  for (const entry of ENTRIES) {
    test(`runs what imports headgate/${entry}`, () => {
      installed.write(`${entry}.ts`, PROGRAMS[entry])
      const { status, printed } = installed.run('node', `${entry}.ts`)
      expect([status, printed]).toEqual([0, PRINTS[entry]])
    })

    for (const [module, resolution] of RESOLUTIONS) {
      test(`type-checks headgate/${entry} with ${resolution}, declarations and all`, () => {
        installed.write(`${entry}.ts`, PROGRAMS[entry])
        installed.write(`${entry}-wrong.ts`, WRONG[entry])
        const { printed } = typeCheck(
          [`${entry}.ts`, `${entry}-wrong.ts`],
          entry,
          module,
          resolution,
        )
        const errors = printed.split('\n').filter((line) => line.includes('error TS'))
        expect(errors).toEqual([expect.stringContaining(`${entry}-wrong.ts`)])
      })
    }
  }

  test('begins a folder, judges it and tests it, as npx finds the command', () => {
    expect(installed.run('npx', 'headgate', 'init', 'demo')).toMatchObject({ status: 0 })
    const { status, printed } = installed.run('npx', 'headgate', 'validate', 'demo')
    expect([status, printed]).toEqual([0, expect.stringContaining('no problems')])
    const tested = installed.run('npx', 'headgate', 'test', 'demo')
    expect(tested).toMatchObject({ status: 0 })
  })

  test('has a client that asks nothing of Node', () => {
    const seen = new Set<string>()
    const wanted: string[] = []
    const follow = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(/\bfrom '([^']+)'/g)) {
        if (name.startsWith('.')) follow(join(dirname(path), name))
        else wanted.push(name)
      }
    }
    follow(join(installed.root, 'dist/client/client.js'))
    expect([wanted, seen.size > 5]).toEqual([[], true])
  })
})

describe('what is published', { timeout: RUN_MS_MAX }, () => {
  test('is what runs, its types and examples, and nothing of tests and benchmarks', () => {
    const { files } = installed
    const tops = new Set(files.map((path) => path.split('/')[0]))
    expect([...tops].sort()).toEqual([
      'LICENSE',
      'README.md',
      'bin',
      'dist',
      'examples',
      'package.json',
    ])
    // The tests of an example are part of it.
    const others = files.filter((path) => !path.startsWith('examples/'))
    const ofTests = /\.test\.|(^|\/)(test|bench|scripts|node_modules)\//
    expect(others.filter((path) => ofTests.test(path))).toEqual([])
    const sources = files.filter((path) => /^dist\/.*(?<!\.d)\.ts$/.test(path))
    expect(sources).toEqual([])
  })

  test('is small', () => {
    expect(readFileSync(installed.tarball).length).toBeLessThan(BYTES_MAX)
  })

  test('is sound to publint', () => {
    const { status, printed } = installed.run('publint', '--strict', installed.tarball)
    expect([status, printed]).toEqual([0, expect.stringContaining('All good!')])
  })

  test('has types that are not wrong, as ES modules', () => {
    const { status, printed } = installed.run('attw', installed.tarball, '--profile', 'esm-only')
    expect([status, printed]).toEqual([0, expect.stringContaining('"headgate/testing"')])
  })
})
