/** The files that a person names: by path, by folder (with all that is beneath it), by pattern, or `./...` as Go does. */
import { globSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { HeadgateError } from '../engine/error.ts'
import { walk } from './validate-paths.ts'

export interface NamedFile {
  /** As a person would name it from the working directory. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Found beneath a folder: nobody said that it is a config. */
  readonly found: boolean
}

const PATTERN = /[*?[{]/
const BENEATH = /(^|\/)\.\.\.$/

/** Each file once, in the order of its name. A pattern that fits nothing is a mistake. */
export async function namedFiles(paths: readonly string[]): Promise<readonly NamedFile[]> {
  const files = new Map<string, NamedFile>()
  for (const path of paths.flatMap(expanded)) {
    const { files: found, unreadable } = await walk(resolve(path))
    const [first] = unreadable
    if (first !== undefined) {
      throw new HeadgateError('SourceUnreadable', `${first.path}: ${first.because}`)
    }
    const isFolder = statSync(path).isDirectory()
    for (const file of found) files.set(file.path, { ...file, found: isFolder })
  }
  return [...files.values()].sort((left, right) => (left.path < right.path ? -1 : 1))
}

function expanded(path: string): readonly string[] {
  const plain = path.replace(BENEATH, '$1') || '.'
  if (statSync(plain, { throwIfNoEntry: false }) !== undefined || !PATTERN.test(plain)) {
    return [plain]
  }
  const found = globSync(plain)
  if (found.length > 0) return found
  throw new HeadgateError('Usage', `no file fits ${path}`, { hint: 'Check the pattern.' })
}
