/**
 * Copies what the control plane keeps in a data directory, the catalog and what was posted, as it is at the moment,
 * whoever has it open; durable but for its name.
 */
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { POSTED_FILE } from '../posted/posted-store.ts'

export const CATALOG_FILE = 'catalog.sqlite'

/** What was posted comes last: what the catalog says too much of it, the next look makes so. */
export const CONTROL_FILES: readonly string[] = [CATALOG_FILE, POSTED_FILE]

export function copyCatalog(from: string, to: string): void {
  for (const file of CONTROL_FILES) copyDatabase(join(from, file), join(to, file))
}

/** A directory without one has nothing to copy. */
function copyDatabase(path: string, copy: string): void {
  if (!existsSync(path)) return
  const file = new DatabaseSync(path)
  try {
    file.exec('pragma busy_timeout = 2000')
    file.prepare('vacuum into ?').run(copy)
  } finally {
    file.close()
  }
  const descriptor = openSync(copy, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
