/**
 * What a client is answered when its messages were delivered: the responses that the pipeline gave, one as it is and
 * several as the parts of one body; or nothing but a status and headers.
 */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import type { Interpolation } from '../../bloblang/mapping.ts'
import { valueText } from '../../bloblang/values/value-text.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { chooserOf, type MetadataFilter, metadataFilterField } from '../metadata-filter.ts'
import { formMultipart } from './multipart.ts'

export interface SyncAnswerConfig {
  readonly status: string
  readonly headers: Readonly<Record<string, string>>
  readonly metadata_headers: MetadataFilter
}

const HEADERS_DEFAULT = { 'Content-Type': 'application/octet-stream' }

export const syncAnswerField: TUnsafe<SyncAnswerConfig> = Type.Unsafe<SyncAnswerConfig>(
  Type.Object(
    {
      status: interpolatedField({ default: '200', description: 'The status when delivered.' }),
      headers: Type.Record(Type.String(), interpolatedField({ description: 'A header.' }), {
        default: HEADERS_DEFAULT,
        description: 'Headers of the answer when delivered.',
      }),
      metadata_headers: metadataFilterField('Which metadata of a response becomes headers.'),
    },
    {
      default: {},
      description: 'The answer when delivered, as `sync_response` gave it; texts refer to it.',
    },
  ),
)

export interface SyncAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export class SyncAnswers {
  readonly #context: Pick<BuildContext, 'environment'>
  readonly #status: Interpolation
  readonly #contentType: Interpolation | undefined
  readonly #headers: readonly (readonly [string, Interpolation])[]
  readonly #chooses: ((name: string) => boolean) | undefined

  constructor(
    config: SyncAnswerConfig,
    context: Pick<BuildContext, 'environment' | 'interpolation'>,
  ) {
    this.#context = context
    this.#status = context.interpolation(config.status)
    const headers = Object.entries(config.headers)
    const type = headers.find(([name]) => isContentType(name))?.[1]
    this.#contentType = type === undefined ? undefined : context.interpolation(type)
    this.#headers = headers
      .filter(([name]) => !isContentType(name))
      .map(([name, text]) => [name, context.interpolation(text)])
    this.#chooses = chooserOf(config.metadata_headers)
  }

  /** An answer that cannot be made is no reason to say that the messages were not delivered. */
  answer(request: Batch, responses: Batch): SyncAnswer {
    try {
      return this.#make(request, responses)
    } catch {
      return { status: 200, headers: {}, body: NOTHING }
    }
  }

  #make(request: Batch, responses: Batch): SyncAnswer {
    const about = responses.length === 0 ? request : responses
    const headers: Record<string, string> = {}
    for (const [name, value] of this.#headers) headers[name] = value.text(about, 0)
    const text = Number(this.#status.text(about, 0))
    const status = Number.isInteger(text) && text >= 200 && text <= 599 ? text : 200
    const [only] = responses
    if (only === undefined) return { status, headers, body: NOTHING }
    if (responses.length === 1) {
      return { status, headers: { ...headers, ...this.#own(responses, 0) }, body: only.content() }
    }
    const parts = responses.map((response, index) => ({
      headers: this.#own(responses, index),
      body: response.content(),
    }))
    const { contentType, body } = formMultipart(parts, this.#context.environment.random)
    return { status, headers: { ...headers, 'Content-Type': contentType }, body }
  }

  /** What differs from response to response. */
  #own(responses: Batch, index: number): Record<string, string> {
    const headers: Record<string, string> = {}
    if (this.#contentType !== undefined) {
      headers['Content-Type'] = this.#contentType.text(responses, index)
    }
    const response = responses[index] as Message
    for (const name of this.#chooses === undefined ? [] : response.metadataKeys()) {
      if (this.#chooses?.(name) === true) headers[name] = valueText(response.metadata(name) ?? null)
    }
    return headers
  }
}

const NOTHING = new Uint8Array()

function isContentType(name: string): boolean {
  return name.toLowerCase() === 'content-type'
}
