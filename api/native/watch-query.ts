/** What a client says of the watch that it wants. */
import { HeadgateError } from '../../engine/error.ts'

/** A client that asks for no end gets one, and begins again: connections that were forgotten do not stay for ever. */
export const WATCH_SECONDS_DEFAULT = 3600
export const WATCH_SECONDS_MAX: number = 24 * 3600

export interface WatchQuery {
  /** Undefined begins with all that is there. */
  readonly from: number | undefined
  /** Marks where that ends. */
  readonly marksInitial: boolean
  readonly bookmarks: boolean
  readonly seconds: number
}

export function readWatchQuery(query: Readonly<Record<string, unknown>>): WatchQuery {
  const bookmarks = isTrue(query['allowWatchBookmarks'])
  const sendsInitial =
    query['sendInitialEvents'] === undefined ? undefined : isTrue(query['sendInitialEvents'])
  const match = query['resourceVersionMatch']
  if (sendsInitial !== undefined && match !== 'NotOlderThan')
    throw refused('resourceVersionMatch', 'NotOlderThan beside sendInitialEvents', match)
  const revision = readRevision(query['resourceVersion'])
  const from = sendsInitial === true ? undefined : revision
  return {
    from,
    marksInitial: sendsInitial === true && bookmarks,
    bookmarks,
    seconds: readSeconds(query['timeoutSeconds']),
  }
}

/** 0 is whatever is there, as none is. */
function readRevision(value: unknown): number | undefined {
  if (value === undefined || value === '' || value === '0') return undefined
  if (typeof value === 'string' && /^[0-9]{1,15}$/.test(value)) return Number(value)
  throw refused('resourceVersion', 'what a list answered', value)
}

function readSeconds(value: unknown): number {
  if (value === undefined || value === '' || value === '0') return WATCH_SECONDS_DEFAULT
  const seconds = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : 0
  if (seconds > 0) return Math.min(seconds, WATCH_SECONDS_MAX)
  throw refused('timeoutSeconds', 'a whole number', value)
}

function isTrue(value: unknown): boolean {
  return value === 'true' || value === '1'
}

function refused(name: string, expected: string, value: unknown): HeadgateError {
  return new HeadgateError(
    'BadRequest',
    `${name}: expected ${expected}, got ${JSON.stringify(value) ?? 'none'}`,
  )
}
