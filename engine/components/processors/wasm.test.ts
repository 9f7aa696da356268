import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { WASM_PAGES_MAX, withBoundedMemory } from '../foreign-code/bounded-memory.ts'
import { FOREIGN_DEADLINE_MS } from '../foreign-code/foreign-thread.ts'
import { processorsOf, runProcessors } from '../run-processors.ts'
import { textFiles } from '../testing.ts'

const leb = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 128))]
const list = (items: readonly (readonly number[])[]): number[] => [
  ...leb(items.length),
  ...items.flat(),
]
const named = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)]
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
]
const body = (code: readonly number[], locals: readonly number[] = [0]): number[] => {
  const bytes = [...locals, ...code, 0x0b]
  return [...leb(bytes.length), ...bytes]
}

const I32 = 0x7f
const I64 = 0x7e
const BODIES: Readonly<Record<string, readonly number[]>> = {
  // The first byte becomes an X.
  process: body(
    // biome-ignore format: an instruction a line
    [
      0x10, 0, 0x22, 0, 0x42, 32, 0x88, 0xa7, 0x41, 0xd8, 0, 0x3a, 0, 0,
      0x20, 0, 0x42, 32, 0x88, 0xa7, 0x20, 0, 0xa7, 0x10, 1,
    ],
    [1, 1, I64],
  ),
  hang: body([0x03, 0x40, 0x0c, 0, 0x0b]),
  trap: body([0x00]),
  // Takes pages until there are no more, and tells how many it has.
  grow: body([
    ...[0x03, 0x40, 0x41, 1, 0x40, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b],
    ...[0x41, 0, 0x3f, 0, 0x36, 2, 0, 0x41, 0, 0x41, 4, 0x10, 1],
  ]),
}

/** A module with the functions above, and memory of so many pages. */
function moduleOf(pages = 2, host = 'benthos_wasm', limits = [0, ...leb(pages)]): Uint8Array {
  const types = [
    [0x60, ...list([]), ...list([[I64]])],
    [0x60, ...list([[I32], [I32]]), ...list([])],
    [0x60, ...list([[I32]]), ...list([[I32]])],
    [0x60, ...list([]), ...list([])],
  ]
  const names = Object.keys(BODIES)
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(
      2,
      list([
        [...named(host), ...named('v0_msg_as_bytes'), 0, 0],
        [...named(host), ...named('v0_msg_set_bytes'), 0, 1],
      ]),
    ),
    ...section(3, list([[2], ...names.map(() => [3])])),
    ...section(5, list([limits])),
    ...section(
      7,
      list([
        [...named('memory'), 2, 0],
        [...named('allocate'), 0, 2],
        ...names.map((name, index) => [...named(name), 0, 3 + index]),
      ]),
    ),
    ...section(
      10,
      list([body([0x41, 0x80, 0x80, 4]), ...Object.values(BODIES).map((one) => [...one])]),
    ),
  ])
}

const environment = testEnvironment({ files: textFiles({ 'a.wasm': moduleOf() }) })
const wasm = (name?: string) => ({
  wasm: { module_path: 'a.wasm', ...(name === undefined ? {} : { function: name }) },
})

describe('wasm', () => {
  test('gives each message to the module, and takes what it makes of it', async () => {
    const { batches, failures } = await runProcessors([wasm()], ['abc', 'd', ''], { environment })
    expect(failures).toEqual([undefined, undefined, undefined])
    expect(batches).toEqual([['Xbc', 'X', '']])
  })

  test('flags a message that the module traps at', async () => {
    const { batches, failures } = await runProcessors([wasm('trap')], ['a', 'b'], { environment })
    expect(batches).toEqual([['a', 'b']])
    expect(failures).toEqual(['unreachable', 'unreachable'])
  })

  test('has so much memory as the limit, and no more', async () => {
    const { messages } = await runProcessors([wasm('grow')], ['a'], { environment })
    expect(Buffer.from(messages[0]?.content() ?? []).readUInt32LE()).toBe(WASM_PAGES_MAX)
    expect(() => withBoundedMemory(moduleOf(WASM_PAGES_MAX))).not.toThrow()
    expect(() => withBoundedMemory(moduleOf(WASM_PAGES_MAX + 1))).toThrow('memory of at most')
    const own = withBoundedMemory(moduleOf(0, 'benthos_wasm', [1, 2, 3]))
    expect(Buffer.from(own)).toEqual(Buffer.from(moduleOf(0, 'benthos_wasm', [1, 2, 3])))
  })

  test('takes as long as the limit, and no longer', async () => {
    const clock = new SimulatedClock()
    const files = textFiles({ 'a.wasm': moduleOf() })
    const run = await processorsOf([wasm('hang')], {
      environment: testEnvironment({ clock, files }),
    })
    const timers = clock.timers
    const hung = run(['a'])
    while (clock.timers === timers) await new Promise(setImmediate)
    await clock.advance(FOREIGN_DEADLINE_MS)
    expect((await hung).failures).toEqual([`it took longer than ${FOREIGN_DEADLINE_MS} ms`])
  })

  test.each<[string, Uint8Array, string, string]>([
    ['no module', Buffer.from('no module at all'), 'process', 'expected a module'],
    ['a torn one', moduleOf().subarray(0, 100), 'process', 'expected a module'],
    ['one without the function', moduleOf(), 'other', 'it exports no function other'],
    [
      'one that wants more',
      moduleOf(2, 'env'),
      'process',
      'there is no function v0_msg_as_bytes of env',
    ],
  ])('refuses %s', async (_, bytes, name, message) => {
    const files = textFiles({ 'a.wasm': bytes })
    const built = runProcessors([wasm(name)], [], { environment: testEnvironment({ files }) })
    await expect(built).rejects.toThrow(message)
  })

  test('needs a grant for its file', async () => {
    const { needs } = await inspectPipeline({ pipeline: { processors: [wasm()] } })
    expect(needs).toMatchObject([{ kind: 'file', name: 'a.wasm' }])
  })
})
