import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { declaredTypes, KeptTypes, TYPES_FILE } from './declared-types.ts'

const ROOT = join(import.meta.dirname, '..')
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc')

const STREAMS = `apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: order}
spec:
  properties:
    - {id: number, type: Int64, key: 1}
    - {id: customer, type: String}
    - {id: total, type: Double}
---
apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: clean-order}
spec:
  properties:
    - {id: number, type: Int64, key: 1}
    - {id: paid, type: Boolean}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: orders}
spec: {type: order}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: clean-orders}
spec: {type: clean-order}
`
const PIPELINE = `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {stream: {name: orders}}
  pipeline:
    processors:
      - typescript: {module: ./clean.ts}
  output: {stream: {name: clean-orders}}
`

let folder: string
const save = (name: string, text: string): void => writeFileSync(join(folder, name), text)
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-types-')))
  save('streams.yaml', STREAMS)
  save('pipeline.yaml', PIPELINE)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function textOf(): Promise<string> {
  const types = await declaredTypes([folder], 'default')
  return types.ok ? types.text : types.problems.map(({ message }) => message).join('\n')
}

describe('the types of a folder', () => {
  test('tell what the module of each pipeline gets and gives, before it is there', async () => {
    expect(await textOf()).toContain(
      'export type CleanProcessor = Processor<Order, CleanOrder>\nexport type CleanResult = ProcessorResult<CleanOrder>\n',
    )
  })

  test('say nothing of modules where there are none', async () => {
    rmSync(join(folder, 'pipeline.yaml'))
    expect(await textOf()).not.toMatch(/Processor/)
  })
})

describe('with these types', () => {
  const compile = async (module: string): Promise<string> => {
    save(TYPES_FILE, await textOf())
    save('clean.ts', module)
    const paths = { 'headgate/processor': [join(ROOT, 'processor/processor.ts')] }
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2024',
      types: [],
      lib: ['es2024', 'dom'],
      allowImportingTsExtensions: true,
      exactOptionalPropertyTypes: true,
      paths,
    }
    save('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    save('package.json', '{"type": "module"}')
    const { stdout } = spawnSync(process.execPath, [COMPILER, '-p', folder], { encoding: 'utf8' })
    return stdout
  }
  const clean = (body: string): string =>
    `import type { CleanProcessor, CleanResult } from './headgate.gen.ts'\n${body}\nexport default clean\n`

  test('what fits compiles', async () => {
    const module = clean(`const clean: CleanProcessor = (record, { log }) => {
  if (record.value.total === undefined) return null
  log.info('clean', { number: record.value.number })
  return { ...record, value: { number: record.value.number, paid: record.value.total > 0 } }
}`)
    expect(await compile(module)).toBe('')
    const asynchronous =
      clean(`const clean: CleanProcessor = async ({ value }): Promise<CleanResult> => [
  { value: { number: value.number, paid: true }, key: value.customer },
]`)
    expect(await compile(asynchronous)).toBe('')
  })

  test('a field that is not read is told by the compiler, with its place', async () => {
    const module = clean(`const clean: CleanProcessor = (record) =>
  record.value.totl === 1 ? null : { value: { number: 1 } }`)
    expect(await compile(module)).toMatch(/clean\.ts\(3,16\): error TS\d+: .*'totl'/)
  })

  test('a field that is not written is told by the compiler, with its place', async () => {
    const module = clean(`const clean: CleanProcessor = ({ value }): CleanResult => ({
  value: { number: value.number, payed: true },
})`)
    expect(await compile(module)).toMatch(/clean\.ts\(3,34\): error TS\d+: .*'payed'/)
  })

  test('a return that is forgotten is told by the compiler', async () => {
    const module = clean(`const clean: CleanProcessor = ({ value }) => {
  if (value.number > 1) return null
}`)
    expect(await compile(module)).toMatch(/clean\.ts\(2,7\): error TS\d+/)
  })
})

describe('the file that is kept', () => {
  const kept = (): string => readFileSync(join(folder, TYPES_FILE), 'utf8')

  test('is written where a pipeline runs a module, and follows what is declared', async () => {
    save('clean.ts', 'export default () => null')
    const types = new KeptTypes(folder)
    await types.look()
    expect(kept()).toBe(await textOf())
    save('streams.yaml', STREAMS.replace('id: paid', 'id: settled'))
    await types.look()
    expect(kept()).toContain('settled')
  })

  test('is not written again where it says what is declared', async () => {
    save('clean.ts', 'export default () => null')
    const types = new KeptTypes(folder)
    await types.look()
    const { mtimeNs, ino } = statSync(join(folder, TYPES_FILE), { bigint: true })
    await types.look()
    const after = statSync(join(folder, TYPES_FILE), { bigint: true })
    expect([after.mtimeNs, after.ino]).toEqual([mtimeNs, ino])
  })

  test('does not come where no pipeline runs a module, and stays as it is beside mistakes', async () => {
    const types = new KeptTypes(folder)
    rmSync(join(folder, 'pipeline.yaml'))
    save('other.ts', '')
    await types.look()
    expect(existsSync(join(folder, TYPES_FILE))).toBe(false)
    save(TYPES_FILE, '// mine\n')
    save('streams.yaml', 'kind: [')
    await types.look()
    expect(kept()).toBe('// mine\n')
    save('streams.yaml', STREAMS)
    await types.look()
    expect(kept()).toContain('export interface Streams')
  })
})
