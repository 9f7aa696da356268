import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { Message } from '../../pipelines/message.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import {
  JAVASCRIPT_LOGS_MAX,
  JAVASCRIPT_MEMORY_BYTES_MAX,
  JAVASCRIPT_STACK_BYTES_MAX,
} from '../foreign-code/javascript-source.ts'
import { runProcessors } from '../run-processors.ts'
import { MODULE_FILES_MAX } from './javascript.ts'

const ran = (code: string, ...given: unknown[]) => runProcessors([{ javascript: { code } }], given)

describe('javascript', () => {
  test('reads and writes content and metadata', async () => {
    const code = `
      const it = benthos.v0_msg_as_structured()
      it.was = benthos.v0_msg_get_meta('a')
      it.there = [benthos.v0_msg_exists_meta('a'), benthos.v0_msg_exists_meta('toString')]
      benthos.v0_msg_set_structured(it)
      benthos.v0_msg_set_meta('a', [it.was, 1.5])
      benthos.v0_msg_set_meta('__proto__', { x: null })`
    const message = Message.fromBytes(Buffer.from('{"n":1}'), new Map([['a', 'b']]))
    const { messages, batches, failures } = await ran(code, message)
    expect(failures).toEqual([undefined])
    expect(batches).toEqual([[{ n: 1, was: 'b', there: [true, false] }]])
    expect(messages[0]?.metadata('a')).toEqual(['b', 1.5])
    expect(messages[0]?.metadata('__proto__')).toEqual({ x: null })
  })

  test('knows the same functions as bento', async () => {
    const code =
      '// not benthos.v0_fetch()\nbento.v0_msg_set_string(benthos.v0_msg_as_string() + "b")'
    expect((await ran(code, 'a')).batches).toEqual([['ab']])
  })

  test('keeps bytes that nobody assigned', async () => {
    const bytes = Buffer.of(0xff, 0, 1)
    const { messages } = await ran('benthos.v0_msg_as_string()', bytes)
    expect(Buffer.from(messages[0]?.content() ?? [])).toEqual(bytes)
  })

  test('flags what the code throws, and leaves that message as it was', async () => {
    const code = `benthos.v0_msg_set_string('x'); if (benthos.v0_msg_as_string() === 'x') throw new TypeError('no')`
    const { batches, failures } = await ran(code, 'a')
    expect({ batches, failures }).toEqual({ batches: [['a']], failures: ['no'] })
    expect((await ran('benthos.v0_msg_get_meta("none")', 'a')).failures[0]).toContain('none')
    expect((await ran('benthos.v0_msg_as_structured()', '{')).failures[0]).toBeDefined()
    expect((await ran('benthos["v0_fetch"]("http://a")', 'a')).failures[0]).toContain('v0_fetch')
  })

  test('reaches nothing of the process', async () => {
    const code = `benthos.v0_msg_set_structured([typeof process, typeof fetch, typeof setTimeout,
      typeof globalThis.constructor.constructor('return this')().process])`
    const { batches } = await ran(code, 'a')
    expect(batches).toEqual([['undefined', 'undefined', 'undefined', 'undefined']].map((x) => [x]))
    expect((await ran('require("node:fs")', 'a')).failures).toEqual(['there is no module node:fs'])
  })

  test('flags what takes more memory or stack than the limits, and goes on', async () => {
    const code = `const bytes = Number(benthos.v0_msg_as_string())
      benthos.v0_msg_set_string(new ArrayBuffer(bytes).byteLength + '')`
    const half = JAVASCRIPT_MEMORY_BYTES_MAX / 2
    const memory = await ran(code, String(half), String(JAVASCRIPT_MEMORY_BYTES_MAX), '1')
    expect(memory.batches).toEqual([[half, JAVASCRIPT_MEMORY_BYTES_MAX, 1]])
    expect(memory.failures).toEqual([undefined, 'out of memory', undefined])
    const deep = `const f = (n) => n === 0 ? 0 : 1 + f(n - 1)
      benthos.v0_msg_set_string(f(Number(benthos.v0_msg_as_string())) + '')`
    const stack = await ran(deep, '100', String(JAVASCRIPT_STACK_BYTES_MAX), '2')
    expect(stack.failures).toEqual([undefined, 'stack overflow', undefined])
  })

  test('writes what the code prints to the log, as many lines as the limit', async () => {
    const lines: string[] = []
    const { logger } = testEnvironment()
    const environment = testEnvironment({
      logger: { ...logger, info: (line) => void lines.push(line) },
    })
    const code = `for (let n = 0; n <= ${JAVASCRIPT_LOGS_MAX}; n++) console.warn('n', { n })`
    await runProcessors([{ javascript: { code } }], ['a'], { environment })
    expect(lines).toHaveLength(JAVASCRIPT_LOGS_MAX)
    expect(lines[0]).toBe('n {"n":0}')
  })

  test('finds its file and its modules where it was granted them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'headgate-javascript-'))
    mkdirSync(join(directory, 'lib/deep'), { recursive: true })
    writeFileSync(
      join(directory, 'main.js'),
      'benthos.v0_msg_set_structured(require("deep/a").sum)',
    )
    writeFileSync(
      join(directory, 'lib/deep/a.js'),
      'exports.sum = require("../b") + require("c.json").c',
    )
    writeFileSync(join(directory, 'lib/b.js'), 'module.exports = 1')
    writeFileSync(join(directory, 'lib/c.json'), '{"c": 2}')
    const files = { read: (path: string) => ({ path, bytes: readFileSync(join('/', path)) }) }
    const environment = testEnvironment({ files, directory })
    const javascript = { file: join(directory, 'main.js'), global_folders: ['lib'] }
    const { batches, failures } = await runProcessors([{ javascript }], ['a'], { environment })
    expect({ batches, failures }).toEqual({ batches: [[3]], failures: [undefined] })
    const { needs } = await inspectPipeline({ pipeline: { processors: [{ javascript }] } })
    expect(needs.map(({ name }) => name)).toEqual([javascript.file, 'lib'])
    for (let n = 3; n < MODULE_FILES_MAX; n++) writeFileSync(join(directory, `lib/${n}.js`), '')
    expect((await runProcessors([{ javascript }], ['a'], { environment })).batches).toEqual([[3]])
    writeFileSync(join(directory, 'lib/over.js'), '')
    await expect(runProcessors([{ javascript }], [], { environment })).rejects.toMatchObject({
      code: 'LimitExceeded',
    })
    rmSync(directory, { recursive: true })
  })

  test.each([
    [{}, 'expected either code or file, got neither'],
    [{ code: 'a', file: 'b' }, 'expected either code or file, got both'],
    [{ code: 'let = ' }, 'expected JavaScript'],
    [
      { code: 'let a = 1\nlet b = benthos.v0_fetch("http://a")' },
      'v0_fetch, which is not supported',
    ],
    [{ code: 'bento . v0_fetch("http://a")' }, 'v0_fetch, which is not supported'],
  ])('refuses %j', async (javascript, message) => {
    const { problems } = await inspectPipeline({ pipeline: { processors: [{ javascript }] } })
    expect(problems).toMatchObject([{ message: expect.stringContaining(message) }])
  })
})
