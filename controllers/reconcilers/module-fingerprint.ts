/**
 * What the code holds that pipelines run: the modules that they name, and the files that these import by relative paths.
 *
 * It is part of what a restart is decided by, and of no digest: a folder declares the same whatever its code says. While a
 * pipeline runs, its processor takes over what is saved by itself, and nothing is restarted for that.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ModuleUse } from '../../engine/pipelines/pipeline.ts'

/** More are not looked at. */
export const FINGERPRINT_FILES_MAX = 1_000

const IMPORTED = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g

/** Empty where there is none. */
export function modulesFingerprint(modules: readonly ModuleUse[], directory: string): string {
  if (modules.length === 0) return ''
  const hash = createHash('sha256')
  const paths = new Set(modules.map(({ module }) => resolve(directory, module)))
  for (const path of paths) {
    const bytes = contentOf(path)
    // With its length, so that no two lists of files read the same.
    hash.update(`${path}:${bytes?.length ?? 'none'}:`).update(bytes ?? '')
    for (const [, imported = ''] of bytes?.toString().matchAll(IMPORTED) ?? []) {
      if (paths.size < FINGERPRINT_FILES_MAX) paths.add(resolve(dirname(path), imported))
    }
  }
  return hash.digest('hex')
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
