/**
 * The catalog's file: one SQLite database in WAL mode, and its schema version.
 *
 * A commit survives the death of the process; only an approval waits for the disk itself, because nothing else here is
 * lost that a look at the sources and the engine would not tell again.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HeadgateError } from '../../engine/error.ts'

export const CATALOG_SCHEMA_VERSION = 1

const SCHEMA = `
  create table if not exists resources (key text primary key, revision integer not null, entry text not null) strict;
  create table if not exists approvals (source text not null, digest text not null, given_us integer not null, primary key (source, digest)) strict;
  create table if not exists prunes (source text not null, key text not null, kind text not null, at_us integer not null, primary key (source, key)) strict;
  create table if not exists locations (source text primary key, location text not null) strict;
  create table if not exists counters (name text primary key, value integer not null) strict;
`

/** `path` may be `:memory:`. */
export function openCatalogFile(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
    const file = new DatabaseSync(path)
    file.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 2000')
    checkVersion(file, path)
    file.exec(SCHEMA)
    file.exec(`pragma user_version = ${CATALOG_SCHEMA_VERSION}`)
    return file
  } catch (error) {
    if (error instanceof HeadgateError) throw error
    throw new HeadgateError('CatalogUnusable', `The catalog ${path} cannot be opened.`, {
      cause: error,
      hint: 'Check the disk and the permissions. Moving the file away loses approvals and history, never a stream.',
    })
  }
}

function checkVersion(file: DatabaseSync, path: string): void {
  const row = file.prepare('pragma user_version').get()
  const version = Number(row?.['user_version'] ?? 0)
  if (version <= CATALOG_SCHEMA_VERSION) return
  file.close()
  throw new HeadgateError(
    'CatalogUnusable',
    `The catalog ${path} was written by a newer version: expected schema ${CATALOG_SCHEMA_VERSION} or lower, got ${version}.`,
    { hint: 'Start the newer version of Headgate.' },
  )
}
