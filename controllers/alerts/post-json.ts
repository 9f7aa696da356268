/** Posts JSON to an address outside. Redirects are not followed: where alerts go is what headgate.yaml says. */
import { exchange } from '../../engine/components/http/exchange.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { PostJson } from './alert-sender.ts'

export const POST_TIMEOUT_MS = 10_000

export function postJsonWith(clock: Clock): PostJson {
  return async (url, body, signal) => {
    // Loaded with the first alert: most processes never send one.
    const { getGlobalDispatcher } = await import('undici')
    const answer = await exchange(
      {
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'headgate' },
        body: Buffer.from(body),
        timeoutMs: POST_TIMEOUT_MS,
      },
      { dispatcher: getGlobalDispatcher(), clock, signal },
    )
    // What a failure says may hold the address, and that a token.
    if (answer.kind === 'failed')
      throw new HeadgateError(
        'OutputFailed',
        `The destination is not reached: ${answer.error.code}.`,
      )
    if (answer.status >= 200 && answer.status < 300) return
    throw new HeadgateError('OutputFailed', `The destination answers ${answer.status}.`)
  }
}
