/** Files that a mapping reads by name, each once unless it wants them fresh. */
import { resolve } from 'node:path'
import type { BloblangEnvironment } from '../environment.ts'
import { foreign } from '../formats/foreign.ts'
import { MappingError } from '../mapping-error.ts'

/** A mapping that reads files by a name from its input must not keep them all. */
const FILES_KEPT_MAX = 100

export interface FileReader {
  /** From the folder of the process. */
  absolute(path: string): Uint8Array
  /** From the folder of the mapping's own file. */
  relative(path: string): Uint8Array
}

export function fileReader({ files }: BloblangEnvironment): FileReader {
  const read = (path: string): Uint8Array => {
    if (files === undefined) throw new MappingError('expected a mapping that may read files')
    return foreign('expected a file that can be read', () => files.read(path, undefined).bytes)
  }
  return { absolute: (path) => read(resolve(path)), relative: read }
}

/** Remembers what was made of a few names. */
export function remembered<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    const present = known.get(name)
    if (present !== undefined) return present
    const made = make(name)
    if (known.size < FILES_KEPT_MAX) known.set(name, made)
    return made
  }
}
