/** Where in a person's own files something stands, and how that is written: `clean.ts:3:7`. */
import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModuleError } from './module-protocol.ts'

/** Line and column count from 1. */
export interface SourcePosition {
  readonly url: string
  readonly line: number
  readonly column: number
}

const PLACE = /(file:\/\/[^\s()]+):(\d+):(\d+)/
/** What comes before the stack where a text could not be read: the place, the lines, and a mark beneath the last one. */
const MARKED = /^(file:\/\/\S+?):(\d+)\n/

/** The innermost place that is not within a package. */
export function positionIn({ stack }: ModuleError): SourcePosition | undefined {
  return markedPosition(stack) ?? stack.split('\n').map(placeOf).find(isOwn)
}

export function isOwn(position: SourcePosition | undefined): boolean {
  return position !== undefined && isOwnUrl(position.url)
}

export function isOwnUrl(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/')
}

/** `folder` is where names begin. */
export function positionText({ url, line, column }: SourcePosition, folder: string): string {
  return `${pathText(url, folder)}:${line}:${column}`
}

export function pathText(url: string, folder: string): string {
  const path = fileURLToPath(url)
  const short = relative(folder, path)
  return short.startsWith('..') || isAbsolute(short) ? path : short
}

/** The line of what a module exports, for what has no place of its own. */
export function exportPosition(url: string, source: string): SourcePosition {
  const found =
    /^[ \t]*export\s+default\b|^[ \t]*export\s+(?:async\s+)?(?:const|let|var|function)\s*\*?\s*batch\b/m.exec(
      source,
    ) ?? /\bexport\b/.exec(source)
  return { url, ...placeAt(source, found?.index ?? 0) }
}

/** Of an import that leads nowhere: the line that names it, in the file that does. */
export function importPosition(
  message: string,
  sourceOf: (path: string) => string | undefined,
): { readonly path: string; readonly line: number; readonly column: number } | undefined {
  const [, name, path] =
    /^(?:.*?)Cannot find (?:module|package) '([^']+)' imported from (.+)$/m.exec(message) ?? []
  if (name === undefined || path === undefined) return undefined
  const source = sourceOf(path)
  const last = name.split('/').at(-1) ?? name
  const at = Math.max(source?.indexOf(`${last}'`) ?? -1, source?.indexOf(`${last}"`) ?? -1)
  return source === undefined || at < 0 ? undefined : { path, ...placeAt(source, at) }
}

const NAMED = /(?:^|: )(?:Module "([^"]+)" needs an import attribute|Directory import '([^']+)')/

/** Of an import that Node refuses without saying who imports: the first that names it, in any of the files. */
export function namedPosition(
  message: string,
  texts: ReadonlyMap<string, string | undefined>,
): SourcePosition | undefined {
  const [, file, folder] = NAMED.exec(message) ?? []
  const last = (file ?? folder)?.split('/').at(-1)
  if (last === undefined) return undefined
  for (const [url, text = ''] of texts) {
    const at = Math.max(text.indexOf(`${last}'`), text.indexOf(`${last}"`))
    if (at >= 0) return { url, ...placeAt(text, at) }
  }
  return undefined
}

function placeAt(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index).split('\n')
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

function placeOf(line: string): SourcePosition | undefined {
  const [, url, at, column] = PLACE.exec(line) ?? []
  if (url === undefined) return undefined
  return { url, line: Number(at), column: Number(column) }
}

function markedPosition(stack: string): SourcePosition | undefined {
  const [, url, line] = MARKED.exec(stack) ?? []
  if (url === undefined) return undefined
  const shown = stack.split('\n').slice(1)
  const mark = shown.find((text) => /^\s*\^+\s*$/.test(text))
  if (mark !== undefined) return { url, line: Number(line), column: mark.indexOf('^') + 1 }
  // Something is missing at the end.
  const end = shown.findIndex((text) => /^\w*Error\b/.test(text))
  const last = shown.slice(0, end).findLast((text) => text !== '') ?? ''
  return { url, line: Number(line), column: last.length + 1 }
}
