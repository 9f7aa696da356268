/** Reads the body of an HTTP request as it came, up to a limit. */
import type { IncomingMessage } from 'node:http'

/** The same for every door that takes a payload over HTTP. */
export const BODY_BYTES_MAX: number = 64 * 1024 * 1024

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'aborted' }

/** Never rejects. A body that is too large is left unread. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax) return Promise.resolve({ kind: 'too-large' })
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const finish = (body: Body) => {
      request.off('data', onData)
      request.pause()
      resolve(body)
    }
    const onData = (chunk: Uint8Array) => {
      length += chunk.length
      if (length > bytesMax) finish({ kind: 'too-large' })
      else chunks.push(chunk)
    }
    request.on('data', onData)
    request.once('end', () => finish({ kind: 'whole', bytes: Buffer.concat(chunks) }))
    request.once('error', () => finish({ kind: 'aborted' }))
    request.once('close', () => finish({ kind: 'aborted' }))
  })
}
