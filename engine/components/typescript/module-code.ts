/**
 * A version of a module: what its own files hold, kept, so that a thread that takes another's place runs the same code
 * whatever was saved meanwhile. And why a version does not load, with the place to look at.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { HeadgateError } from '../../error.ts'
import { adviceOf } from './loading-advice.ts'
import type { LoadedFiles, ModuleError, ModuleSources } from './module-protocol.ts'
import { ModuleThread, type ModuleThreadOptions, type ThreadFault } from './module-thread.ts'
import {
  exportPosition,
  importPosition,
  namedPosition,
  pathText,
  positionIn,
  positionText,
  type SourcePosition,
} from './source-position.ts'
import { strippedSources } from './type-stripper.ts'

export interface ModuleCode {
  readonly form: 'record' | 'batch'
  /** Types stripped, by URL. */
  readonly sources: ModuleSources
  /** The files as they were read, for seeing whether they have changed; undefined for what was not there. */
  readonly texts: ReadonlyMap<string, string | undefined>
  /** Where what it exports stands. */
  readonly position: SourcePosition
}

export type LoadedModule =
  | { readonly ok: true; readonly code: ModuleCode; readonly thread: ModuleThread }
  | {
      readonly ok: false
      readonly message: string
      readonly texts: ReadonlyMap<string, string | undefined>
    }

export interface ModulePlace {
  readonly url: string
  /** Where names in messages begin. */
  readonly folder: string
}

/** Of what is there now. `known`: the files that it consisted of before. */
export async function loadModule(
  place: ModulePlace,
  options: ModuleThreadOptions,
  known: Iterable<string>,
  signal?: AbortSignal,
): Promise<LoadedModule> {
  const texts = readTexts([place.url, ...known])
  const entry = texts.get(place.url)
  if (entry === undefined) {
    const path = pathText(place.url, place.folder)
    return { ok: false, message: `there is no file ${path}`, texts }
  }
  const { sources, faults } = await strippedSources(typed(texts))
  const [[url, fault] = []] = Object.entries(faults)
  if (url !== undefined && fault !== undefined) {
    return { ok: false, message: faultText(advised({ error: fault }, place.folder), place), texts }
  }
  const loading = await ModuleThread.load(options, { ...plain(texts), ...sources }, signal)
  noteLoaded(loading.kind === 'ready' ? loading.ready.loaded : loading.loaded, texts)
  if (loading.kind === 'failed') {
    const message = await loadingText(loading.fault, place, texts)
    return { ok: false, message, texts }
  }
  const { thread, ready } = loading
  const code: ModuleCode = {
    form: ready.form ?? 'record',
    sources: { ...plain(texts), ...sources, ...ready.loaded.sources },
    texts,
    position: exportPosition(place.url, entry),
  }
  return { ok: true, code, thread }
}

/** Whether the files hold something else now. */
export function hasChanged(texts: ReadonlyMap<string, string | undefined>): boolean {
  for (const [url, text] of texts) if (readText(url) !== text) return true
  return false
}

/** `clean.ts:3:7: …`, from the stack where that tells, else from `otherwise`. */
export function faultText(
  { error, position }: ThreadFault,
  place: ModulePlace,
  otherwise?: SourcePosition,
): string {
  const found = position ?? positionIn(error) ?? otherwise
  if (found === undefined) return `${pathText(place.url, place.folder)}: ${error.message}`
  return `${positionText(found, place.folder)}: ${error.message}`
}

/** What it hangs at may stand in any of its files, at any line. */
const HANGS = /^it (?:never loads|took longer)/

async function loadingText(
  fault: ThreadFault,
  place: ModulePlace,
  texts: ReadonlyMap<string, string | undefined>,
): Promise<string> {
  const { message } = fault.error
  if (positionIn(fault.error) === undefined && HANGS.test(message)) return faultText(fault, place)
  const imported = importPosition(message, (path) => readText(pathToFileURL(path).href))
  if (imported !== undefined) {
    const { path, ...at } = imported
    const [what = message] = message.split(' imported from ')
    const position = { url: pathToFileURL(path).href, ...at }
    return faultText(
      advised({ error: { message: what, stack: '' }, position }, place.folder),
      place,
    )
  }
  if (positionIn(fault.error) === undefined && message.startsWith('SyntaxError')) {
    const found = await syntaxFault(texts)
    if (found !== undefined) return faultText(advised({ error: found }, place.folder), place)
  }
  const entry = texts.get(place.url) ?? ''
  const otherwise = namedPosition(message, texts) ?? exportPosition(place.url, entry)
  return faultText(advised(fault, place.folder), place, otherwise)
}

function advised(fault: ThreadFault, folder: string): ThreadFault {
  const { message, stack } = fault.error
  const advice = adviceOf(message, folder, (path) => existsSync(path))
  if (advice === undefined) return fault
  return { ...fault, error: { message: `${message}: ${advice}`, stack } }
}

/** What loads JavaScript does not say where it fails; what strips types does, and JavaScript is TypeScript, too. */
async function syntaxFault(
  texts: ReadonlyMap<string, string | undefined>,
): Promise<ModuleError | undefined> {
  const known = [...texts].flatMap(([url, text]) => (text === undefined ? [] : [[url, text]]))
  const { faults } = await strippedSources(Object.fromEntries(known))
  return Object.values(faults)[0]
}

function noteLoaded(loaded: LoadedFiles, texts: Map<string, string | undefined>): void {
  for (const url of loaded.urls) if (!texts.has(url)) texts.set(url, readText(url))
}

function readTexts(urls: Iterable<string>): Map<string, string | undefined> {
  return new Map([...new Set(urls)].map((url) => [url, readText(url)]))
}

function readText(url: string): string | undefined {
  try {
    return readFileSync(fileURLToPath(url), 'utf8')
  } catch {
    return undefined
  }
}

const isTyped = (url: string): boolean => /\.m?ts$/.test(url)

function typed(texts: ReadonlyMap<string, string | undefined>): ModuleSources {
  return Object.fromEntries(
    [...texts].flatMap(([url, text]) =>
      text !== undefined && isTyped(url) ? [[url, text] as const] : [],
    ),
  )
}

/** Of JavaScript only what is a module whoever asks; what another file is, its package says. */
function plain(texts: ReadonlyMap<string, string | undefined>): ModuleSources {
  return Object.fromEntries(
    [...texts].flatMap(([url, text]) =>
      text !== undefined && url.endsWith('.mjs') ? [[url, text] as const] : [],
    ),
  )
}

/** A module that does not load now may be mended at any time, and nobody says when. */
export const MODULE_RETRY_MS = 1_000

export function unusable(message: string): HeadgateError {
  return new HeadgateError('DependencyNotReady', message, {
    hint: 'Mend the file; it is tried again by itself.',
    retryAfterMs: MODULE_RETRY_MS,
  })
}
