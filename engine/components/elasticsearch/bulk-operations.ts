/**
 * The lines of a `_bulk` request, and what its answer says of each: pure, so that no server is needed to judge them.
 *
 * A document is sent as it came, byte for byte, unless it spans lines; so its numbers stay as they were written.
 */
import { encodePayload } from '../../bloblang/values/encode-payload.ts'
import { HeadgateError } from '../../error.ts'
import type { Message } from '../../pipelines/message.ts'

export const ACTIONS = ['create', 'index', 'update', 'upsert', 'delete'] as const
type Action = (typeof ACTIONS)[number]

export interface Operation {
  readonly action: string
  readonly index: string
  readonly id: string
  readonly pipeline: string
  readonly routing: string
  readonly retryOnConflict: number
}

/** One item of an answer, under the name of its action. */
export interface BulkItem {
  readonly status: number
  readonly error?: { readonly type?: string; readonly reason?: string | null }
}

export type BulkItems = readonly Partial<Record<string, BulkItem>>[]

/** Throws OutputFailed for a message that no server would take. */
export function linesOf(operation: Operation, message: Message): readonly string[] {
  const { index, id, pipeline, routing, retryOnConflict } = operation
  const action = actionOf(operation.action)
  if (index === '') throw refused('expected an index, got an empty text')
  if (id === '' && action !== 'index' && action !== 'create')
    throw refused(`expected an id to ${action} a document, got an empty text`)
  const updates = action === 'update' || action === 'upsert'
  const about = {
    _index: index,
    ...(id === '' ? {} : { _id: id }),
    ...(pipeline === '' || updates || action === 'delete' ? {} : { pipeline }),
    ...(routing === '' ? {} : { routing }),
    ...(updates && retryOnConflict > 0 ? { retry_on_conflict: retryOnConflict } : {}),
  }
  const head = JSON.stringify({ [updates ? 'update' : action]: about })
  if (action === 'delete') return [head]
  const document = documentLine(message)
  if (action === 'update') return [head, `{"doc":${document}}`]
  if (action === 'upsert') return [head, `{"doc":${document},"doc_as_upsert":true}`]
  return [head, document]
}

/** Undefined when the item was done; one that is gone need not be deleted. */
export function failureOf(item: Partial<Record<string, BulkItem>>): ItemFailure | undefined {
  const [entry] = Object.entries(item)
  const [action, result] = entry ?? ['nothing', undefined]
  const status = result?.status ?? 0
  if (status >= 200 && status <= 299) return undefined
  if (action === 'delete' && status === 404 && result?.error === undefined) return undefined
  const { type = 'unknown', reason } = result?.error ?? {}
  const text = `Elasticsearch answered ${status} to ${action}: ${type}${reason ? `: ${reason}` : ''}`
  return { error: refused(text), passes: PASSING_STATUSES.has(status) }
}

export interface ItemFailure {
  readonly error: HeadgateError
  /** Whether it may go well when it is sent again. */
  readonly passes: boolean
}

/** Too many at once, or a part of the cluster is away. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([0, 429, 502, 503, 504])

function actionOf(text: string): Action {
  const action = ACTIONS.find((name) => name === text)
  if (action !== undefined) return action
  throw refused(`expected one of the actions ${ACTIONS.join(', ')}, got ${JSON.stringify(text)}`)
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

function documentLine(message: Message): string {
  let document: ReturnType<Message['document']>
  try {
    document = message.document()
  } catch (cause) {
    throw new HeadgateError('OutputFailed', 'expected a JSON document, got something else', {
      cause,
    })
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw refused('expected a JSON object, got another document')
  const bytes = message.content()
  const spans = bytes.includes(LINE_FEED) || bytes.includes(CARRIAGE_RETURN)
  return Buffer.from(spans ? encodePayload(document) : bytes).toString()
}

function refused(message: string): HeadgateError {
  return new HeadgateError('OutputFailed', message)
}
