/**
 * Reads the body of an HTTP request as it came, up to a limit of its own and within what all bodies may hold together.
 *
 * Bytes are taken from the budget as they arrive, so that a client that only announces many holds none.
 */
import type { IncomingMessage } from 'node:http'
import type { ByteBudget } from './byte-budget.ts'

/** The same for every door that takes a payload over HTTP. */
export const BODY_BYTES_MAX: number = 64 * 1024 * 1024

export type Body =
  /** Its bytes stay taken from the budget. */
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'no-room' }
  | { readonly kind: 'aborted' }

/** Never rejects. A body that is too large, or finds no room, is left unread. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  budget: ByteBudget,
): Promise<Body> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax) return Promise.resolve({ kind: 'too-large' })
  if (!budget.has(declared)) return Promise.resolve({ kind: 'no-room' })
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let length = 0
    let finished = false
    const finish = (body: Body) => {
      if (finished) return
      finished = true
      request.off('data', onData)
      request.pause()
      if (body.kind !== 'whole') budget.give(length)
      resolve(body)
    }
    const onData = (chunk: Uint8Array) => {
      if (length + chunk.length > bytesMax) return finish({ kind: 'too-large' })
      if (!budget.take(chunk.length)) return finish({ kind: 'no-room' })
      length += chunk.length
      chunks.push(chunk)
    }
    request.on('data', onData)
    request.once('end', () => finish({ kind: 'whole', bytes: Buffer.concat(chunks) }))
    request.once('error', () => finish({ kind: 'aborted' }))
    request.once('close', () => finish({ kind: 'aborted' }))
  })
}
