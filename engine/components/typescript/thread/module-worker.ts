/**
 * What runs in the thread of a module: it loads the module, and calls what it exports for one record after the other.
 *
 * The files of this folder import nothing of ours but each other, for they are handed to the thread as text: so it starts
 * alike from source, as built and under a test runner, and takes no time for stripping its types.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort } from 'node:worker_threads'
import type { ThreadRequest } from '../module-protocol.ts'
import { answer, stray } from './module-calls.ts'
import { loadExport, loadedFiles } from './module-loading.ts'
import { logPrinted } from './module-log.ts'
import { post, setting } from './thread-setting.ts'
import { toError } from './thrown-error.ts'

/** An `await` of a module that nothing will ever answer lets the thread end, without a word. */
const NEVER_LOADS = 'it never loads: an await outside of its functions waits for what does not come'

const lastWords = new Uint8Array(setting.state, 12)
const lastWordsLength = new Uint32Array(setting.state, 8, 1)

function leaveWords(text: string): void {
  lastWordsLength[0] = new TextEncoder().encodeInto(text, lastWords).written
}

function tellEnds(): void {
  process.on('unhandledRejection', stray)
  process.on('uncaughtException', stray)
  Error.stackTraceLimit = 50
  const { exit } = process
  process.exit = ((code) => {
    leaveWords(new Error(`process.${exit.name}(${code ?? ''}) was called`).stack ?? '')
    exit(code)
  }) as typeof process.exit
}

/**
 * For whoever measures what is in use. The flag is that of the whole process, and stays: another thread that begins at the
 * same moment must not find it taken away.
 */
function offerGarbageCollection(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  Object.defineProperty(globalThis, Symbol.for(setting.collectGarbage), { value: collect })
  globalThis.gc = undefined
}

/** JSON has whole numbers of any length. */
function teachJsonBigints(): void {
  Object.defineProperty(BigInt.prototype, 'toJSON', {
    value(this: bigint): unknown {
      return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.toString())
    },
  })
}

async function main(): Promise<void> {
  const waits = (): void => {
    if (lastWordsLength[0] === 0) leaveWords(NEVER_LOADS)
  }
  process.on('exit', waits)
  try {
    const { form, called, found } = await loadExport()
    if (form !== undefined) {
      parentPort?.on('message', (request: ThreadRequest) => {
        if (request.kind === 'batch') void answer(request, called, form)
      })
    }
    post({ kind: 'ready', form, found, loaded: loadedFiles() })
  } catch (thrown) {
    post({ kind: 'failed', fault: toError(thrown), loaded: loadedFiles() })
  } finally {
    process.off('exit', waits)
  }
}

logPrinted()
tellEnds()
offerGarbageCollection()
teachJsonBigints()
void main()
