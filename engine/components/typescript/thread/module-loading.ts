/**
 * Loads the module and what it imports, and keeps what its own files hold: a thread that takes this one's place runs the
 * same code, whatever is saved meanwhile.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { LoadedFiles } from '../module-protocol.ts'
import type { Called } from './module-calls.ts'
import { kindOf } from './stream-record.ts'
import { setting } from './thread-setting.ts'

const urls = new Set<string>()
const read: Record<string, string> = {}

export interface LoadedExport {
  /** Undefined where there is no function, or both. */
  readonly form: 'record' | 'batch' | undefined
  readonly called: Called
  /** What it exports instead. */
  readonly found: string
}

export async function loadExport(): Promise<LoadedExport> {
  hookLoading()
  const exported = (await import(setting.url)) as Readonly<Record<string, unknown>>
  const { default: one, batch: many } = exported
  const called = (typeof many === 'function' ? many : one) as Called
  if (typeof one === 'function' && typeof many === 'function') {
    return { form: undefined, called, found: 'both' }
  }
  if (typeof called === 'function') {
    return { form: called === many ? 'batch' : 'record', called, found: '' }
  }
  return { form: undefined, called, found: foundText(exported) }
}

/** What there is to know of the files by now, whether or not the module has loaded. */
export function loadedFiles(): LoadedFiles {
  return { urls: [...urls], sources: read }
}

/** `a default export that is an object with clean`, or `only clean`, for what else is exported. */
function foundText(exported: Readonly<Record<string, unknown>>): string {
  for (const name of ['batch', 'default']) {
    const what = name === 'batch' ? 'a batch' : 'a default export'
    if (Object.hasOwn(exported, name)) return `${what} that is ${kindOf(exported[name])}`
  }
  const names = Object.keys(exported)
  return names.length === 0 ? '' : `only ${names.join(', ')}`
}

/** Of the user's own, and not of a package. */
const isOwn = (file: string): boolean =>
  file.startsWith('file:') && !file.includes('/node_modules/')

/** That this is new to Node is nothing that people could mend. */
function stripped(text: string, sourceUrl: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text, { sourceUrl })
  } finally {
    process.emitWarning = emitWarning
  }
}

function hookLoading(): void {
  registerHooks({
    /** A file that is not there may come. */
    resolve(specifier, resolving, next) {
      try {
        return next(specifier, resolving)
      } catch (thrown) {
        const { parentURL = setting.url } = resolving
        if (/^\.\.?\//.test(specifier) && isOwn(parentURL))
          urls.add(new URL(specifier, parentURL).href)
        throw thrown
      }
    },
    load(file, loading, next) {
      if (!isOwn(file)) return next(file, loading)
      urls.add(file)
      const known = setting.sources[file]
      if (known !== undefined) return { format: 'module', source: known, shortCircuit: true }
      if (/\.m?ts$/.test(file)) {
        const source = stripped(readFileSync(fileURLToPath(file), 'utf8'), file)
        read[file] = source
        return { format: 'module', source, shortCircuit: true }
      }
      const loaded = next(file, loading)
      if (loaded.format === 'module' && loaded.source != null) read[file] = String(loaded.source)
      return loaded
    },
  })
}
