/**
 * What a thread runs for `wasm`.
 *
 * A module imports, from `benthos_wasm`, functions that give and take the message; what has a length goes as an address
 * and a length in the module's memory, and comes back as one number of 64 bits, the address in its upper half. Room in
 * that memory is made by the module itself: it exports `malloc` and `free`, or `allocate` and `deallocate`. Of WASI there
 * is what a module needs to start: no files, no arguments, no variables.
 */

/** Modules that import from here. */
export const WASM_HOST_MODULES: readonly string[] = ['benthos_wasm', 'bento_wasm']
export const WASM_HOST_FUNCTIONS: readonly string[] = [
  'v0_msg_as_bytes',
  'v0_msg_set_bytes',
  'v0_msg_get_meta',
  'v0_msg_set_meta',
]
export const WASI_MODULE = 'wasi_snapshot_preview1'

export const WASM_SOURCE = `
const module = await WebAssembly.compile(data.module)
let request
let answer
let exported
const bytesAt = (at, length) => Buffer.from(exported.memory.buffer, at >>> 0, length >>> 0)
const taken = (at, length) => Uint8Array.from(bytesAt(at, length))
const text = (at, length) => Buffer.from(taken(at, length)).toString()
const held = []
const given = (bytes) => {
  if (bytes.length === 0) return 0n
  const allocate = exported.malloc ?? exported.allocate
  const at = Number(allocate(bytes.length)) >>> 0
  bytesAt(at, bytes.length).set(bytes)
  held.push([at, bytes.length])
  return (BigInt(at) << 32n) | BigInt(bytes.length)
}
const host = {
  v0_msg_as_bytes: () => given(answer.content ?? request.content),
  v0_msg_set_bytes: (at, length) => { answer.content = taken(at, length) },
  v0_msg_get_meta: (at, length) => {
    const key = text(at, length)
    const value = answer.metadata?.[key] ?? request.metadata[key]
    if (value === undefined) return 0n
    const shown = typeof value === 'string' ? value : JSON.stringify(value, (_, one) =>
      typeof one === 'bigint' ? Number(one) : one)
    return given(Buffer.from(shown))
  },
  v0_msg_set_meta: (keyAt, keyLength, at, length) => {
    answer.metadata ??= Object.create(null)
    answer.metadata[text(keyAt, keyLength)] = text(at, length)
  },
}
const BAD_FILE = 8
class Exit extends Error {}
const view = () => new DataView(exported.memory.buffer)
const counts = (first, second) => { view().setUint32(first, 0, true); view().setUint32(second, 0, true); return 0 }
const wasi = {
  args_sizes_get: counts,
  environ_sizes_get: counts,
  args_get: () => 0,
  environ_get: () => 0,
  clock_time_get: (_, __, at) => { view().setBigUint64(at, BigInt(request.timeUs) * 1000n, true); return 0 },
  random_get: (at, length) => { crypto.getRandomValues(new Uint8Array(exported.memory.buffer, at, length)); return 0 },
  fd_write: (file, at, count, written) => {
    if (file !== 1 && file !== 2) return BAD_FILE
    let length = 0
    for (let index = 0; index < count; index++) length += view().getUint32(at + index * 8 + 4, true)
    view().setUint32(written, length, true)
    return 0
  },
  sched_yield: () => 0,
  proc_exit: (code) => { throw new Exit('the module ended itself with ' + code) },
}
const imports = {}
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  imports[from] ??= {}
  imports[from][name] = from === data.wasiModule ? (wasi[name] ?? (() => BAD_FILE)) : host[name]
}
exported = (await WebAssembly.instantiate(module, imports)).exports
request = { content: new Uint8Array(), metadata: {}, timeUs: 0 }
answer = {}
try {
  exported._initialize?.()
  exported._start?.()
} catch (error) {
  if (!(error instanceof Exit) || !error.message.endsWith(' 0')) throw error
}
const release = exported.free ?? exported.deallocate
return (messages) =>
  messages.map((message) => {
    request = message
    answer = {}
    exported[data.function]()
    for (const [at, length] of held.splice(0)) release?.(at, length)
    return answer
  })
`
