/**
 * What was posted, exactly as it was: primary data, which no look at a folder or the engine would bring back.
 *
 * One SQLite file beside the catalog, in WAL mode with `synchronous = full`: what is in it when a call returns survives
 * a loss of power. `objects` holds one row for each object that was written by itself, as JSON; `sets` and `files` hold
 * the documents of each posted set; `resources` holds what pipelines share. Objects are read once, when it opens, and then kept in memory as well.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Identity, identityKey } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { SourceFile } from '../control-plane.ts'
import type { WrittenObject } from '../resource-writes.ts'
import { sha256 } from '../sets/digest.ts'

export const POSTED_FILE = 'posted.sqlite'
export const POSTED_SCHEMA_VERSION = 1

export interface PostedStore extends Disposable {
  readonly objects: PostedObjects
  readonly sets: PostedSets
  readonly resources: PostedResources
}

/** By identityKey. */
export interface PostedObjects {
  all(): ReadonlyMap<string, PostedObject>
  put(identity: Identity, written: WrittenObject): void
  remove(key: string): void
}

export interface PostedObject {
  readonly identity: Identity
  readonly written: WrittenObject
}

/** By the name of the source. */
export interface PostedSets {
  names(): readonly string[]
  files(source: string): readonly SourceFile[]
  /** What `filesDigest` makes of its files; undefined for a source that nothing was posted to. */
  digest(source: string): string | undefined
  put(source: string, files: readonly SourceFile[]): void
}

/** What pipelines share, by role and label; the text is the caller's own. */
export interface PostedResources {
  all(): readonly PostedResource[]
  put(resource: PostedResource): void
}

export interface PostedResource {
  readonly role: string
  readonly label: string
  readonly text: string
}

const SCHEMA = `
  create table if not exists objects (key text primary key, identity text not null, object text not null, managed text not null) strict;
  create table if not exists sets (source text primary key, digest text not null) strict;
  create table if not exists files (source text not null, path text not null, text text not null, primary key (source, path)) strict;
  create table if not exists resources (role text not null, label text not null, text text not null, primary key (role, label)) strict;
`

/** `path` may be `:memory:`. */
export function openPostedStore(path: string): PostedStore {
  const file = openFile(path)
  return {
    objects: objectsIn(file),
    sets: setsIn(file),
    resources: resourcesIn(file),
    [Symbol.dispose]() {
      if (file.isOpen) file.close()
    },
  }
}

/** The same for the same paths and texts, in whatever order. */
export function filesDigest(files: readonly SourceFile[]): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return sha256(JSON.stringify(sorted.map(({ path, text }) => [path, text])))
}

function openFile(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
    const file = new DatabaseSync(path)
    file.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 2000')
    checkVersion(file, path)
    file.exec(SCHEMA)
    file.exec(`pragma user_version = ${POSTED_SCHEMA_VERSION}`)
    return file
  } catch (error) {
    if (error instanceof HeadgateError) throw error
    throw new HeadgateError('CatalogUnusable', `What was posted, ${path}, cannot be opened.`, {
      cause: error,
      hint: 'Check the disk and the permissions, or restore the file from a backup. Moving it away forgets what was posted; nothing goes by that.',
    })
  }
}

function checkVersion(file: DatabaseSync, path: string): void {
  const row = file.prepare('pragma user_version').get()
  const version = Number(row?.['user_version'] ?? 0)
  if (version <= POSTED_SCHEMA_VERSION) return
  file.close()
  throw new HeadgateError(
    'CatalogUnusable',
    `${path} was written by a newer version: expected schema ${POSTED_SCHEMA_VERSION} or lower, got ${version}.`,
    { hint: 'Start the newer version of Headgate.' },
  )
}

const SQLITE_FULL = 13

/** A write that is not durable is refused in our words, and changes nothing. */
function durably(write: () => unknown): void {
  try {
    write()
  } catch (error) {
    const isFull = (error as { readonly errcode?: unknown }).errcode === SQLITE_FULL
    throw new HeadgateError(
      isFull ? 'DiskFull' : 'CatalogUnusable',
      'What was posted could not be kept, and nothing of it was changed.',
      { cause: error, hint: isFull ? 'Free some room, and post it again.' : 'Check the disk.' },
    )
  }
}

function objectsIn(file: DatabaseSync): PostedObjects {
  const known = new Map<string, PostedObject>()
  for (const row of file.prepare('select * from objects order by key').all())
    known.set(String(row['key']), {
      identity: JSON.parse(String(row['identity'])),
      written: {
        object: JSON.parse(String(row['object'])),
        managedFields: JSON.parse(String(row['managed'])),
      },
    })
  const upsert = file.prepare('insert or replace into objects values (?, ?, ?, ?)')
  const erase = file.prepare('delete from objects where key = ?')
  return {
    all: () => known,
    put(identity, written) {
      const key = identityKey(identity)
      const texts = [identity, written.object, written.managedFields].map((value) =>
        JSON.stringify(value),
      )
      durably(() => upsert.run(key, ...texts))
      known.set(key, { identity, written })
    },
    remove(key) {
      durably(() => erase.run(key))
      known.delete(key)
    },
  }
}

function setsIn(file: DatabaseSync): PostedSets {
  const digests = new Map<string, string>()
  for (const row of file.prepare('select source, digest from sets').all())
    digests.set(String(row['source']), String(row['digest']))
  const select = file.prepare('select path, text from files where source = ? order by path')
  const name = file.prepare('insert or replace into sets values (?, ?)')
  const upsert = file.prepare('insert or replace into files values (?, ?, ?)')
  const erase = file.prepare('delete from files where source = ? and path = ?')
  const filesOf = (source: string): readonly SourceFile[] =>
    select.all(source).map((row) => ({ path: String(row['path']), text: String(row['text']) }))
  return {
    names: () => [...digests.keys()],
    files: filesOf,
    digest: (source) => digests.get(source),
    put(source, files) {
      const digest = filesDigest(files)
      if (digests.get(source) === digest) return
      const before = new Map(filesOf(source).map(({ path, text }) => [path, text]))
      durably(() => {
        file.exec('begin immediate')
        try {
          for (const { path, text } of files) {
            if (before.get(path) !== text) upsert.run(source, path, text)
            before.delete(path)
          }
          for (const path of before.keys()) erase.run(source, path)
          name.run(source, digest)
          file.exec('commit')
        } catch (error) {
          if (file.isTransaction) file.exec('rollback')
          throw error
        }
      })
      digests.set(source, digest)
    },
  }
}

function resourcesIn(file: DatabaseSync): PostedResources {
  const select = file.prepare('select * from resources order by role, label')
  const upsert = file.prepare('insert or replace into resources values (?, ?, ?)')
  return {
    all: () =>
      select.all().map((row) => ({
        role: String(row['role']),
        label: String(row['label']),
        text: String(row['text']),
      })),
    put({ role, label, text }) {
      durably(() => upsert.run(role, label, text))
    },
  }
}
