/**
 * What a thread runs for `javascript`: QuickJS, an engine of its own within WebAssembly, which knows nothing of Node.
 *
 * The prelude lies inside of it, too: it keeps the message, and gives the code the functions that it knows by
 * `benthos.` and `bento.`. A message goes in as two texts and comes out as one.
 */

/** What the code's own objects may take. */
export const JAVASCRIPT_MEMORY_BYTES_MAX: number = 64 * 1024 * 1024
export const JAVASCRIPT_STACK_BYTES_MAX: number = 256 * 1024
/** Lines that the code may print for a message; more are left out. */
export const JAVASCRIPT_LOGS_MAX = 100

export interface JavascriptData {
  readonly code: string
  /** By the names that `require` finds them by. */
  readonly modules: Readonly<Record<string, string>>
  readonly prelude: string
  readonly memoryBytes: number
  readonly stackBytes: number
}

export function javascriptData(
  code: string,
  modules: Readonly<Record<string, string>>,
): JavascriptData {
  return {
    code,
    modules,
    prelude: PRELUDE,
    memoryBytes: JAVASCRIPT_MEMORY_BYTES_MAX,
    stackBytes: JAVASCRIPT_STACK_BYTES_MAX,
  }
}

const PRELUDE = `(function (modules) {
  'use strict'
  const { parse, stringify } = JSON
  const toText = String
  let content = ''
  let metadata = {}
  let answer = {}
  const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key)
  const api = {
    v0_msg_as_string: () => content,
    v0_msg_set_string: (text) => {
      content = toText(text)
      answer.content = content
    },
    v0_msg_as_structured: () => parse(content),
    v0_msg_set_structured: (value) => {
      content = stringify(value) ?? 'null'
      answer.content = content
    },
    v0_msg_exists_meta: (key) => own(metadata, toText(key)),
    v0_msg_get_meta: (key) => {
      if (!own(metadata, toText(key))) throw new Error('there is no metadata ' + toText(key))
      return metadata[toText(key)]
    },
    v0_msg_set_meta: (key, value) => {
      answer.metadata ??= {}
      for (const target of [metadata, answer.metadata]) {
        Object.defineProperty(target, toText(key), {
          value, writable: true, enumerable: true, configurable: true,
        })
      }
    },
    v0_fetch: () => {
      throw new Error('v0_fetch is not supported: use the processor http, within a branch')
    },
  }
  const print = (...values) => {
    answer.logs ??= []
    if (answer.logs.length >= ${JAVASCRIPT_LOGS_MAX}) return
    answer.logs.push(values.map((one) => (typeof one === 'string' ? one : stringify(one))).join(' '))
  }
  globalThis.benthos = api
  globalThis.bento = api
  globalThis.console = { log: print, debug: print, info: print, warn: print, error: print }
  const loaded = {}
  const requireFrom = (folder) => (name) => {
    const path = []
    const relative = /^\\.\\.?\\//.test(name)
    for (const step of ((relative ? folder + '/' : '') + name).split('/')) {
      if (step === '..') path.pop()
      else if (step !== '.' && step !== '') path.push(step)
    }
    const base = path.join('/')
    const found = [base, base + '.js', base + '.json', base + '/index.js'].find((one) => own(modules, one))
    if (found === undefined) throw new Error('there is no module ' + name)
    if (own(loaded, found)) return loaded[found].exports
    const module = { exports: {} }
    loaded[found] = module
    if (found.endsWith('.json')) {
      module.exports = parse(modules[found])
    } else {
      const within = found.includes('/') ? found.slice(0, found.lastIndexOf('/')) : ''
      const run = (0, eval)('(function (exports, require, module) {' + modules[found] + '\\n})')
      run(module.exports, requireFrom(within), module)
    }
    return module.exports
  }
  globalThis.require = requireFrom('')
  return (program) => (text, metadataText) => {
    content = text
    metadata = parse(metadataText)
    answer = {}
    try {
      program()
    } catch (error) {
      answer.error = error instanceof Error ? error.message : toText(error)
    }
    return stringify(answer)
  }
})`

export const JAVASCRIPT_SOURCE = `
const { getQuickJS } = load('quickjs-emscripten')
const engine = await getQuickJS()
const runtime = engine.newRuntime()
runtime.setMemoryLimit(data.memoryBytes)
runtime.setMaxStackSize(data.stackBytes)
const context = runtime.newContext()
const { undefined: nothing } = context
const made = (result) => context.unwrapResult(result)
const modules = made(context.evalCode('(' + JSON.stringify(data.modules) + ')'))
const prelude = made(context.evalCode(data.prelude, 'prelude.js'))
const prepare = made(context.callFunction(prelude, nothing, modules))
const program = made(context.evalCode('(function () {' + data.code + '\\n})', 'code.js'))
const run = made(context.callFunction(prepare, nothing, program))
return (messages) =>
  messages.map(({ content, metadata }) => {
    const text = context.newString(Buffer.from(content).toString())
    const values = context.newString(JSON.stringify(metadata, (_, value) =>
      typeof value === 'bigint' ? Number(value) : value))
    const result = context.callFunction(run, nothing, text, values)
    text.dispose()
    values.dispose()
    if (result.error) {
      const { message } = context.dump(result.error)
      result.error.dispose()
      return { error: message }
    }
    const answer = JSON.parse(context.getString(result.value))
    result.value.dispose()
    return answer
  })
`
