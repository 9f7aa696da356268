/** A request that the server refused, or that did not reach it. */

export interface FailureFacts {
  /** Of HTTP; 0 where no answer came. */
  readonly status: number
  /** A code of the error table (`headgate explain CODE`), or Kubernetes' word where it has one. */
  readonly reason: string
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

export class RequestFailed extends Error {
  readonly status: number
  readonly reason: string
  /** How long the server asks to wait before another try. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, { status, reason, retryAfterMs, cause }: FailureFacts) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'RequestFailed'
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }

  /** Whether the same request may succeed later: nothing came back, or the server says that it is busy or full. */
  get isPassing(): boolean {
    return [0, 429, 502, 503, 504, 507].includes(this.status)
  }
}

interface StatusBody {
  readonly message?: unknown
  readonly reason?: unknown
  readonly details?: { readonly causes?: readonly { readonly reason?: unknown }[] }
}

/** Of an answer that is no success; its body is a Kubernetes Status, or text where something else answered. */
export async function failureOf(response: Response): Promise<RequestFailed> {
  const text = await response.text()
  const { message, reason, details } = parse(text)
  const code = details?.causes?.[0]?.reason
  const word = [code, reason].find((one) => typeof one === 'string')
  const said = typeof message === 'string' ? message : text.trim() || response.statusText
  return new RequestFailed(said, {
    status: response.status,
    reason: typeof word === 'string' ? word : 'Unknown',
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  })
}

function parse(text: string): StatusBody {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}

function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^[0-9]{1,6}$/.test(header) ? Number(header) * 1_000 : undefined
}
