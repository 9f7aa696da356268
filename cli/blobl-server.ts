/**
 * The endpoint of `headgate blobl serve`: `POST /map` takes `{"mapping": "…", "documents": ["…", …]}`, where each
 * document is a message's content as text, and answers 200 with `{"problems": […]}` or
 * `{"warnings": […], "results": [{"output": "…"} | {"deleted": true} | {"error": "…"}, …]}`.
 *
 * It reads no file and no environment variable, whatever a mapping asks for, and answers nobody but this machine.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { addressUrl, type ListenAddress } from '../api/listen-address.ts'
import { refusalOf } from '../api/loopback-guard.ts'
import { compileMapping } from '../engine/bloblang/bloblang.ts'
import type { BloblangEnvironment } from '../engine/bloblang/environment.ts'
import { FILTERED, type Mapping } from '../engine/bloblang/mapping.ts'
import { HeadgateError } from '../engine/error.ts'
import { Message } from '../engine/pipelines/message.ts'
import { processEnvironment } from './bloblang-environment.ts'

export const BODY_BYTES_MAX = 4_194_304
export const DOCUMENTS_MAX = 100
/** Fewer than a pipeline's: somebody waits for the answer, and others for the server. */
export const STEPS_MAX = 200_000
export const OUTPUT_BYTES_MAX = 16_777_216

export interface MappingServer extends AsyncDisposable {
  readonly url: string
}

export async function listenForMappings(address: ListenAddress): Promise<MappingServer> {
  const environment = playEnvironment()
  const server = createServer((request, response) => {
    answer(request, environment).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error)
        send(response, error instanceof HeadgateError ? error.class.status : 500, { message })
      },
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `expected to listen on ${address.host}:${address.port}, got ${cause.message}`
      reject(new HeadgateError('Usage', message, { cause }))
    })
    server.listen(address.port, address.host, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return {
    url: addressUrl({ host: address.host, port }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function playEnvironment(): BloblangEnvironment {
  return { ...processEnvironment(), stepsMax: STEPS_MAX, env: () => undefined }
}

interface Answer {
  readonly status: number
  readonly body: object
}

async function answer(request: IncomingMessage, environment: BloblangEnvironment): Promise<Answer> {
  const refusal = refusalOf(request.headers)
  if (refusal !== undefined) return { status: 403, body: { message: refusal } }
  if (request.url !== '/map') {
    return { status: 404, body: { message: 'expected POST /map' } }
  }
  if (request.method !== 'POST') {
    return { status: 405, body: { message: `expected POST, got ${request.method}` } }
  }
  const body = await bodyOf(request)
  if (body === undefined) {
    const message = `expected a body of at most ${BODY_BYTES_MAX} bytes`
    return { status: 413, body: { message } }
  }
  const asked = readAsked(body)
  if (typeof asked === 'string') return { status: 400, body: { message: asked } }
  return { status: 200, body: mapAll(asked, environment) }
}

/** Undefined when it is too large; the rest of it is not waited for. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

interface Asked {
  readonly mapping: string
  readonly documents: readonly string[]
}

/** What is asked for, or what is wrong with it in one sentence. */
function readAsked(body: string): Asked | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return 'expected a body of JSON'
  }
  const { mapping, documents } = (parsed ?? {}) as Partial<Record<keyof Asked, unknown>>
  if (typeof mapping !== 'string') return 'expected "mapping" to be text'
  if (!Array.isArray(documents) || !documents.every((one) => typeof one === 'string')) {
    return 'expected "documents" to be a list of texts'
  }
  if (documents.length > DOCUMENTS_MAX) {
    return `expected at most ${DOCUMENTS_MAX} documents, got ${documents.length}`
  }
  return { mapping, documents }
}

function mapAll({ mapping, documents }: Asked, environment: BloblangEnvironment): object {
  const compiled = compileMapping(mapping, environment)
  if (!compiled.ok) return { problems: compiled.problems }
  const batch = documents.map((document) => Message.fromBytes(Buffer.from(document)))
  let bytesLeft = OUTPUT_BYTES_MAX
  const results = batch.map((_, index) => {
    const result = mapOne(compiled.value, batch, index)
    if (result.output !== undefined) bytesLeft -= result.output.length
    return bytesLeft < 0
      ? { error: `expected at most ${OUTPUT_BYTES_MAX} bytes of output altogether` }
      : result
  })
  return { warnings: compiled.warnings, results }
}

interface MappedDocument {
  readonly output?: string
  readonly deleted?: true
  readonly error?: string
}

function mapOne(mapping: Mapping, batch: readonly Message[], index: number): MappedDocument {
  try {
    const result = mapping.map(batch, index)
    if (result.root === FILTERED) return { deleted: true }
    const content = batch[index]?.withResult(result)?.content() ?? new Uint8Array()
    return { output: Buffer.from(content).toString() }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const isTooLarge = status === 413
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    ...(isTooLarge ? { connection: 'close' } : {}),
  })
  response.end(`${JSON.stringify(body)}\n`)
}
