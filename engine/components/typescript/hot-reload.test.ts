import { mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { HeadgateError } from '../../error.ts'
import { Message } from '../../pipelines/message.ts'
import { realClock } from '../../ports/real-clock.ts'
import { ModuleRunner } from './module-runner.ts'

const never = new AbortController().signal
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Running {
  readonly runner: ModuleRunner
  readonly folder: string
  save(name: string, text: string): void
  /** Resolves with the log's next line about a change. */
  nextChange(): Promise<string>
  map(...values: unknown[]): Promise<unknown[]>
  readonly troubles: (string | undefined)[]
}

async function running(files: Readonly<Record<string, string>>): Promise<Running> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-reload-')))
  const save = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  for (const [name, text] of Object.entries(files)) save(name, text)
  const changes: string[] = []
  const waiting: ((line: string) => void)[] = []
  const tell = (line: string, fields?: Readonly<Record<string, unknown>>): void => {
    const text = fields?.['reason'] === undefined ? line : `${line}: ${fields['reason']}`
    const next = waiting.shift()
    if (next === undefined) changes.push(text)
    else next(text)
  }
  const troubles: (string | undefined)[] = []
  const runner = await ModuleRunner.start({
    url: `file://${folder}/clean.ts`,
    folder,
    pipeline: 'test',
    namespace: 'default',
    label: '',
    deadlineMs: 30_000,
    memoryBytesMax: 256 * 1024 * 1024,
    clock: realClock,
    logger: { debug: tell, info: tell, warn: tell, error: tell },
    failed: (message, why) => message.withValue(`failed: ${why.message}`),
    report: (trouble: HeadgateError | undefined) => void troubles.push(trouble?.message),
  })
  closing.push(async () => {
    await runner.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    runner,
    folder,
    save,
    troubles,
    nextChange: async () =>
      changes.shift() ?? new Promise<string>((resolve) => waiting.push(resolve)),
    map: async (...values) => {
      const batch = values.map((value) => Message.fromBytes(Buffer.from(JSON.stringify(value))))
      const made = await runner.run(batch, never)
      return made.map((message) => {
        const text = message.text()
        return text.startsWith('failed') ? text : JSON.parse(text)
      })
    },
  }
}

const version = (name: string) =>
  `export default (record: any) => ({ value: ['${name}', record.value] })`
const TAKEN = 'a changed module was taken over'

test('what is saved maps what comes from then on', async () => {
  const { save, nextChange, map } = await running({ 'clean.ts': version('one') })
  expect(await map(1)).toEqual([['one', 1]])
  save('clean.ts', version('two'))
  expect(await nextChange()).toBe(TAKEN)
  expect(await map(2)).toEqual([['two', 2]])
})

test('a file that is replaced by another counts as saved', async () => {
  const { save, folder, nextChange, map } = await running({ 'clean.ts': version('one') })
  save('.clean.ts.swap', version('two'))
  renameSync(join(folder, '.clean.ts.swap'), join(folder, 'clean.ts'))
  expect(await nextChange()).toBe(TAKEN)
  expect(await map(2)).toEqual([['two', 2]])
})

test('a file that it imports is taken over, too, and one that it imports only now', async () => {
  const { save, nextChange, map } = await running({
    'clean.ts': `import { name } from './name.ts'
export default () => ({ value: [name] })`,
    'name.ts': `export const name: string = 'one'`,
  })
  save('name.ts', `export { name } from './other.ts'`)
  expect(await nextChange()).toMatch(
    /^a changed module was not taken over: name\.ts:1:\d+: Cannot find module/,
  )
  expect(await map(0)).toEqual([['one']])
  save('other.ts', `export const name = 'two'`)
  expect(await nextChange()).toBe(TAKEN)
  expect(await map(0)).toEqual([['two']])
  save('other.ts', `export const name = 'three'`)
  expect(await nextChange()).toBe(TAKEN)
  expect(await map(0)).toEqual([['three']])
})

test('what does not load changes nothing, and is told until it is mended', async () => {
  const { save, nextChange, map, troubles } = await running({ 'clean.ts': version('one') })
  save('clean.ts', `export default (record: any) => {\n  return record +\n}\n`)
  expect(await nextChange()).toBe(
    'a changed module was not taken over: clean.ts:3:1: Expression expected',
  )
  expect(troubles).toEqual([
    'clean.ts:3:1: Expression expected; what was there before goes on running: mend the file and save it',
  ])
  expect(await map(1)).toEqual([['one', 1]])
  save('clean.ts', version('two'))
  expect(await nextChange()).toBe(TAKEN)
  expect(troubles.at(-1)).toBeUndefined()
  expect(await map(2)).toEqual([['two', 2]])
})

test('a thread that dies while the file is broken is replaced with the code that ran', async () => {
  const source = `export default (record: any) => {
  if (record.value === 0) process.exit()
  return { value: ['one', record.value] }
}`
  const { save, nextChange, map } = await running({ 'clean.ts': source })
  save('clean.ts', 'export default {')
  await nextChange()
  expect(await map(1, 0, 2)).toEqual([
    ['one', 1],
    'failed: clean.ts:2:35: process.exit() was called',
    ['one', 2],
  ])
})

test('a batch that is under way ends with the code that it began with', async () => {
  const { save, nextChange, map } = await running({
    'clean.ts': `import { existsSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
export default async (record: any) => {
  while (record.value === 1 && !existsSync(new URL('./go', import.meta.url))) await setImmediate()
  return { value: ['one', record.value] }
}`,
  })
  const first = map(1, 2)
  save('clean.ts', version('two'))
  expect(await nextChange()).toBe(TAKEN)
  expect(await map(3)).toEqual([['two', 3]])
  save('go', '')
  expect(await first).toEqual([
    ['one', 1],
    ['one', 2],
  ])
})

test('a module is changed again and again while it works, and no record is lost or mapped by halves', async () => {
  const helper = (name: string) => `export const name: string = '${name}'`
  const source = (name: string) => `import { name } from './name-${name}.ts'
export default (record: any) => ({ value: ['${name}', name, record.value] })`
  const { save, nextChange, map } = await running({
    'name-0.ts': helper('0'),
    'clean.ts': source('0'),
  })
  const seen: [string, string, number][] = []
  let next = 0
  let isDone = false
  const work = async (): Promise<void> => {
    while (!isDone) {
      const values = Array.from({ length: 50 }, () => next++)
      seen.push(...((await map(...values)) as [string, string, number][]))
    }
  }
  const working = Promise.all([work(), work()])
  for (let number = 1; number <= 5; number++) {
    save(`name-${number}.ts`, helper(String(number)))
    save('clean.ts', source(String(number)))
    expect(await nextChange()).toBe(TAKEN)
  }
  isDone = true
  await working
  expect(seen.every(([entry, imported]) => entry === imported)).toBe(true)
  const order = (a: number, b: number) => a - b
  expect(seen.map(([, , value]) => value).sort(order)).toEqual(
    Array.from({ length: next }, (_, at) => at),
  )
  expect((await map(0))[0]).toEqual(['5', '5', 0])
})
