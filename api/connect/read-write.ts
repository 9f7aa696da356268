/** What a request of the Connect API says besides its body. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { StreamWrite } from '../../controllers/connect/connect-streams.ts'
import { parseConnectDuration } from '../../engine/pipelines/connect-duration.ts'
import { query } from '../native/context.ts'

/** `chilled` and `dryRun` are exactly `true`; a timeout that is none is ignored. */
export function readWrite(request: FastifyRequest, reply: FastifyReply): StreamWrite {
  const { chilled, dryRun, timeout } = query(request)
  return {
    chilled: chilled === 'true',
    dryRun: dryRun === 'true',
    expectedDigests: entityTags(request.headers['if-match']),
    stopMs: readTimeout(timeout),
    signal: goneSignal(reply),
  }
}

/** Aborts when the client goes before it has its answer. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableEnded) gone.abort()
  })
  return gone.signal
}

export function bodyOf(request: FastifyRequest): Uint8Array {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

/** `"abc", W/"def"`, one of which it has to be, and without quotes too; `*` is whatever there is. */
function entityTags(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return undefined
  const tags = [...header.matchAll(/(?:W\/)?"([^"]*)"|([^\s,"]+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  )
  return tags.includes('*') ? undefined : tags
}

/** A timer counts no more than that. */
const TIMEOUT_MS_MAX = 2_147_483_647

function readTimeout(text: unknown): number | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  const duration = parseConnectDuration(text)
  if (duration.kind !== 'duration' || !(duration.ms >= 0)) return undefined
  return Math.min(duration.ms, TIMEOUT_MS_MAX)
}
