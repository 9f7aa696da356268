/**
 * Takes types out of TypeScript, in one thread for the whole process: what does that takes a tenth of a second to load,
 * which neither the server nor each thread of a module has to spare. Places stay where they are.
 */
import { Worker } from 'node:worker_threads'
import type { ModuleError, ModuleSources } from './module-protocol.ts'

export interface Stripped {
  readonly sources: ModuleSources
  /** Of what is no TypeScript that can be stripped, by the URL of the file. */
  readonly faults: Readonly<Record<string, ModuleError>>
}

const SOURCE = `
'use strict'
const { parentPort } = require('node:worker_threads')
const { stripTypeScriptTypes } = require('node:module')
process.stderr.write = () => true
parentPort.on('message', ({ id, texts }) => {
  const sources = {}
  const faults = {}
  for (const [sourceUrl, text] of Object.entries(texts)) {
    try {
      sources[sourceUrl] = stripTypeScriptTypes(text)
    } catch {
      // Once more under its name, which is then part of what is said, and not of what is answered.
      try {
        stripTypeScriptTypes(text, { sourceUrl })
      } catch (error) {
        faults[sourceUrl] = { message: error.message, stack: String(error.stack) }
      }
    }
  }
  parentPort.postMessage({ id, stripped: { sources, faults } })
})
`

let worker: Worker | undefined
let lastId = 0
const waiting = new Map<number, (stripped: Stripped) => void>()

/** By their URLs, which places in faults are told by. */
export function strippedSources(texts: ModuleSources): Promise<Stripped> {
  if (Object.keys(texts).length === 0) return Promise.resolve({ sources: {}, faults: {} })
  worker ??= start()
  const running = worker
  lastId += 1
  const id = lastId
  return new Promise((resolve) => {
    waiting.set(id, resolve)
    running.ref()
    running.postMessage({ id, texts })
  })
}

function start(): Worker {
  const started = new Worker(SOURCE, { eval: true, env: {}, execArgv: [], stderr: true })
  started.unref()
  started.on('message', ({ id, stripped }: { id: number; stripped: Stripped }) => {
    waiting.get(id)?.(stripped)
    waiting.delete(id)
    if (waiting.size === 0) started.unref()
  })
  const gone = (): void => {
    worker = undefined
    // The threads strip by themselves what nobody stripped for them.
    for (const resolve of waiting.values()) resolve({ sources: {}, faults: {} })
    waiting.clear()
  }
  started.on('error', gone)
  started.on('exit', gone)
  return started
}
