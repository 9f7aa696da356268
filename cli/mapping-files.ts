/** Lets the mappings that a person runs read whatever files that person may read. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { MappingFiles } from '../engine/bloblang/mapping-files.ts'
import { HeadgateError } from '../engine/error.ts'

/** `base` is the mapping's own file, where it has one. */
export function personalFiles(base: string | undefined): MappingFiles {
  return {
    read: (path, namedBy) => {
      const from = namedBy ?? base
      const resolved = from === undefined ? resolve(path) : resolve(dirname(from), path)
      try {
        return { path: resolved, bytes: readFileSync(resolved) }
      } catch (cause) {
        throw new HeadgateError('SourceUnreadable', `expected a file at ${resolved}`, { cause })
      }
    },
  }
}
