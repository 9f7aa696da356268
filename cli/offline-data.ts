/**
 * What a data directory or a backup holds, as the planner sees it, without a server: a copy of its catalog, and the
 * streams of its last checkpoint. The directory is only read, and may be in use.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { observe } from '../controllers/apply/observe.ts'
import type { Catalog, StoredEntry } from '../controllers/catalog/catalog.ts'
import { CATALOG_FILE } from '../controllers/catalog/copy-catalog.ts'
import { openCatalog } from '../controllers/catalog/sqlite-catalog.ts'
import type { Observed } from '../controllers/plan/observed.ts'
import { streamName, streamRecord } from '../controllers/plan/stream-record.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import type { StreamDescription } from '../engine/streams/streams.ts'
import { offlineStreams } from './offline-streams.ts'

export async function observeDirectory(directory: string, source: string): Promise<Observed> {
  const found = await offlineStreams(directory)
  const copy = mkdtempSync(join(tmpdir(), 'headgate-offline-'))
  try {
    copyOf(directory, copy)
    using catalog = openCatalog(join(copy, CATALOG_FILE))
    const streams = streamsOf(catalog, found)
    return observe({
      source,
      catalog,
      streams: { describe: () => streams },
      settle: undefined,
      wallUs: realClock.wallUs(),
    })
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function copyOf(directory: string, to: string): void {
  const path = join(directory, CATALOG_FILE)
  if (!existsSync(path))
    throw new HeadgateError('Usage', `expected a data directory or a backup, got ${directory}`, {
      hint: 'Name one with --data-dir, or what `headgate get all -A -o json` printed with --snapshot.',
    })
  const file = new DatabaseSync(path, { readOnly: true })
  try {
    file.exec('pragma busy_timeout = 2000')
    file.prepare('vacuum into ?').run(join(to, CATALOG_FILE))
  } catch (cause) {
    throw new HeadgateError('CatalogUnusable', `The catalog ${path} cannot be read.`, { cause })
  } finally {
    file.close()
  }
}

/** The catalog knows what was accepted last; the checkpoint may be a few seconds older, and counts the records. */
function streamsOf(
  catalog: Catalog,
  found: readonly StreamDescription[],
): readonly StreamDescription[] {
  const byUid = new Map(found.map((stream) => [stream.uid, stream]))
  const known: StreamDescription[] = []
  for (const entry of catalog.entries.all().values()) {
    const stream = acceptedStream(entry, byUid.get(entry.uid))
    if (stream !== undefined) known.push(stream)
  }
  const uids = new Set(known.map(({ uid }) => uid))
  const names = new Set(known.map(({ name }) => name))
  return [...known, ...found.filter(({ uid, name }) => !uids.has(uid) && !names.has(name))]
}

function acceptedStream(
  { identity, uid, owner, accepted, createdUs }: StoredEntry,
  counted: StreamDescription | undefined,
): StreamDescription | undefined {
  if (identity.kind !== 'Stream' || accepted === undefined) return undefined
  return {
    incarnation: 0,
    createdUs,
    records: 0,
    bytes: 0,
    shardStates: [],
    ...counted,
    ...streamRecord(accepted, { uid, owner, existing: counted }),
    name: streamName(identity),
  }
}
