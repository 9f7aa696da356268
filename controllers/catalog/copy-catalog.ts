/** Copies the catalog of a data directory as it is at the moment, whoever has it open; durable but for its name. */
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export const CATALOG_FILE = 'catalog.sqlite'

/** A directory without one has nothing to copy. */
export function copyCatalog(from: string, to: string): void {
  const path = join(from, CATALOG_FILE)
  if (!existsSync(path)) return
  const copy = join(to, CATALOG_FILE)
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
