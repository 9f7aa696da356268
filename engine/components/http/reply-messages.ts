/** The messages that an answer is: one, or each part of one that has several. */
import { HeadgateError } from '../../error.ts'
import type { Reply } from './http-client.ts'
import { boundaryOf, isMultipart, partMultipart } from './multipart.ts'

export function replyBodies({ headers, body }: Pick<Reply, 'headers' | 'body'>): Uint8Array[] {
  const { 'content-type': given } = headers
  const contentType = typeof given === 'string' ? given : undefined
  if (!isMultipart(contentType)) return [body]
  const boundary = boundaryOf(contentType)
  const parts = boundary === undefined ? undefined : partMultipart(body, boundary)
  if (parts !== undefined) return parts
  throw new HeadgateError('InputFailed', 'expected a multipart answer, got one that is malformed')
}
