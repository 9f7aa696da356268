/** Lets the mappings of a source read files beneath the roots that it was granted, and no others. */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { MappingFiles } from '../../engine/bloblang/mapping-files.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { Grants } from '../sources/source.ts'
import { requireGrants } from './grants.ts'

/** More is no mapping and no small table, which is what mappings read. */
export const MAPPING_FILE_BYTES_MAX: number = 64 * 1024 * 1024

/** `directory` is where relative paths begin. A link is judged by where it leads. */
export function grantedFiles(grants: Grants, directory: string): MappingFiles {
  return {
    read(path, namedBy) {
      const asked = resolve(namedBy === undefined ? directory : dirname(namedBy), path)
      requireGrants([{ kind: 'file', name: asked, path: [] }], grants, directory)
      try {
        const real = realpathSync(asked)
        requireGrants(
          [{ kind: 'file', name: real, path: [] }],
          realRoots(grants, directory),
          directory,
        )
        const { size } = statSync(real)
        if (size > MAPPING_FILE_BYTES_MAX)
          throw new HeadgateError(
            'LimitExceeded',
            `expected at most ${MAPPING_FILE_BYTES_MAX} bytes, got ${size}`,
          )
        return { path: asked, bytes: readFileSync(real) }
      } catch (cause) {
        if (cause instanceof HeadgateError) throw cause
        throw new HeadgateError('SourceUnreadable', `expected a file at ${asked}`, { cause })
      }
    },
  }
}

/** A root may itself be a link, and what lies beneath it is granted all the same. */
function realRoots(grants: Grants, directory: string): Grants {
  const real = (root: string): string => {
    try {
      return realpathSync(resolve(directory, root))
    } catch {
      return root
    }
  }
  return { ...grants, files: [...grants.files, ...grants.files.map(real)] }
}
