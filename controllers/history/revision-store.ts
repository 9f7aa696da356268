/**
 * The revisions of all sources, in the catalog's file.
 *
 * A set is kept as what changed: a member has a row from the first revision that declares it so to the last one, with
 * the digest of its text; the last is absent while nothing replaced it. Each text is there once, under its digest, and
 * goes with the last row that names it. So a revision costs what it changes, however large the set is.
 *
 * Texts are declarations in normal form, literal secrets included, exactly as the catalog's own entries are.
 */
import type { DatabaseSync } from 'node:sqlite'
import { HeadgateError } from '../../engine/error.ts'
import { REVISIONS_MAX, type Revision } from './history.ts'

const SCHEMA = `
  create table if not exists revisions (source text not null, revision integer not null, record text not null, primary key (source, revision)) strict;
  create table if not exists revision_members (source text not null, key text not null, first integer not null, last integer, digest text not null, primary key (source, key, first)) strict;
  create index if not exists revision_members_by_digest on revision_members (digest);
  create index if not exists revision_members_by_last on revision_members (source, last) where last is not null;
  create table if not exists resource_texts (digest text primary key, text text not null) strict;
  create table if not exists last_changes (key text primary key, source text not null, revision integer not null, change text not null) strict;
  create index if not exists last_changes_by_revision on last_changes (source, revision);
`

/** The members of one set: identityKey → digest of the text. */
export type MemberDigests = ReadonlyMap<string, string>

export interface NewRevision {
  readonly revision: Revision
  readonly members: MemberDigests
  /** Asked for the text of a digest that is not there yet. */
  readonly textOf: (key: string, digest: string) => string
  /** What changed last, by identityKey, as JSON. */
  readonly changes: ReadonlyMap<string, string>
  /** A revision that stays, however old: what the source is pinned to. */
  readonly pinned: number | undefined
}

export interface RevisionStore {
  /** Newest first. */
  list(source: string, limit: number): readonly Revision[]
  get(source: string, revision: number): Revision | undefined
  latest(source: string): Revision | undefined
  /** What revisions after this one were the first to declare, or to declare so. */
  declaredSince(source: string, revision: number): ReadonlySet<string>
  /** The set of a revision that is kept. */
  members(source: string, revision: number): MemberDigests
  text(digest: string): string | undefined
  /** What changed a resource last, and in which revision. */
  lastChange(key: string): StoredChange | undefined
  /** Writes the newest revision of its source, and forgets what is too old. One atom. */
  add(request: NewRevision): void
  /** Writes over the newest revision; its set is the same. */
  replace(revision: Revision, changes: ReadonlyMap<string, string>): void
  knows(source: string): boolean
}

export interface StoredChange {
  readonly source: string
  readonly revision: number
  readonly change: string
}

export function revisionsIn(
  file: DatabaseSync,
  atomically: <T>(write: () => T) => T,
): RevisionStore {
  file.exec(SCHEMA)
  const read = readersIn(file)
  const write = writersIn(file)
  const latest = new Map<string, MemberDigests>()
  const latestMembers = (source: string): MemberDigests => {
    const known = latest.get(source)
    if (known !== undefined) return known
    const newest = read.latest(source)
    return newest === undefined ? new Map() : read.members(source, newest.revision)
  }
  return {
    ...read,
    add(request) {
      const { source, revision } = request.revision
      const before = latestMembers(source)
      try {
        atomically(() => {
          write.members(request, before)
          write.revision(request.revision)
          write.changes(source, revision, request.changes)
          write.forget(source, revision - REVISIONS_MAX, request.pinned)
        })
        latest.set(source, request.members)
      } catch (error) {
        latest.delete(source)
        throw error
      }
    },
    replace(revision, changes) {
      atomically(() => {
        write.revision(revision)
        write.changes(revision.source, revision.revision, changes)
      })
    },
    knows: (source) => read.latest(source) !== undefined,
  }
}

type Readers = Omit<RevisionStore, 'add' | 'replace' | 'knows'>

function readersIn(file: DatabaseSync): Readers {
  const newest = file.prepare(
    'select record from revisions where source = ? order by revision desc limit ?',
  )
  const one = file.prepare('select record from revisions where source = ? and revision = ?')
  const members = file.prepare(
    'select key, digest from revision_members where source = ? and first <= ? and (last is null or last >= ?)',
  )
  const since = file.prepare(
    'select distinct key from revision_members where source = ? and first > ?',
  )
  const text = file.prepare('select text from resource_texts where digest = ?')
  const change = file.prepare('select source, revision, change from last_changes where key = ?')
  const list = (source: string, limit: number): readonly Revision[] =>
    newest.all(source, limit).map((row) => parsed(row['record']))
  return {
    list,
    latest: (source) => list(source, 1)[0],
    get(source, revision) {
      const row = one.get(source, revision)
      return row === undefined ? undefined : parsed(row['record'])
    },
    declaredSince: (source, revision) =>
      new Set(since.all(source, revision).map((row) => String(row['key']))),
    members: (source, revision) =>
      new Map(
        members
          .all(source, revision, revision)
          .map((row) => [String(row['key']), String(row['digest'])]),
      ),
    text(digest) {
      const row = text.get(digest)
      return row === undefined ? undefined : String(row['text'])
    },
    lastChange(key) {
      const row = change.get(key)
      if (row === undefined) return undefined
      return {
        source: String(row['source']),
        revision: Number(row['revision']),
        change: String(row['change']),
      }
    },
  }
}

interface Writers {
  members(request: NewRevision, before: MemberDigests): void
  revision(revision: Revision): void
  changes(source: string, revision: number, changes: ReadonlyMap<string, string>): void
  /** All revisions up to this one, but for the pinned one. */
  forget(source: string, upTo: number, pinned: number | undefined): void
}

function writersIn(file: DatabaseSync): Writers {
  const begin = file.prepare('insert into revision_members values (?, ?, ?, null, ?)')
  const end = file.prepare(
    'update revision_members set last = ? where source = ? and key = ? and last is null',
  )
  const insertText = file.prepare('insert into resource_texts values (?, ?)')
  const hasText = file.prepare('select 1 from resource_texts where digest = ?')
  const upsert = file.prepare('insert or replace into revisions values (?, ?, ?)')
  const upsertChange = file.prepare('insert or replace into last_changes values (?, ?, ?, ?)')
  return {
    members({ revision: { source, revision }, members, textOf }, before) {
      let known = 0
      for (const [key, digest] of members) {
        const former = before.get(key)
        if (former !== undefined) known += 1
        if (former === digest) continue
        if (former !== undefined) end.run(revision - 1, source, key)
        if (hasText.get(digest) === undefined) insertText.run(digest, textOf(key, digest))
        begin.run(source, key, revision, digest)
      }
      if (known === before.size) return
      for (const key of before.keys()) if (!members.has(key)) end.run(revision - 1, source, key)
    },
    revision: (revision) =>
      void upsert.run(revision.source, revision.revision, JSON.stringify(revision)),
    changes(source, revision, changes) {
      for (const [key, change] of changes) upsertChange.run(key, source, revision, change)
    },
    forget: forgetterIn(file),
  }
}

function forgetterIn(file: DatabaseSync): Writers['forget'] {
  const revisions = file.prepare(
    'delete from revisions where source = ? and revision <= ? and revision is not ?',
  )
  const gone = file.prepare(
    'delete from revision_members where source = ? and last <= ? and (? is null or ? not between first and last) returning digest',
  )
  const text = file.prepare(
    'delete from resource_texts where digest = ? and not exists (select 1 from revision_members where digest = resource_texts.digest)',
  )
  const changes = file.prepare(
    'delete from last_changes where source = ? and revision <= ? and not exists (select 1 from resources where resources.key = last_changes.key)',
  )
  return (source, upTo, pinned) => {
    if (upTo < 1) return
    const keep = pinned ?? null
    if (revisions.run(source, upTo, keep).changes === 0) return
    for (const row of gone.all(source, upTo, keep, keep)) text.run(String(row['digest']))
    changes.run(source, upTo)
  }
}

function parsed(record: unknown): Revision {
  try {
    return JSON.parse(String(record)) as Revision
  } catch (error) {
    throw new HeadgateError('CatalogUnusable', 'A revision in the catalog cannot be read.', {
      cause: error,
      hint: 'Moving catalog.sqlite away loses approvals and history, never a stream.',
    })
  }
}
