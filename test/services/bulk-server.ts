/**
 * As much of an Elasticsearch node as an output meets: `_bulk`, documents by id, a count, a ping, the list of nodes. Its
 * own test judges it with the official client.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface Refusal {
  readonly status: number
  readonly type: string
  readonly reason: string
}

export interface BulkServer extends AsyncDisposable {
  readonly url: string
  /** By index and id. */
  readonly documents: ReadonlyMap<string, ReadonlyMap<string, Stored>>
  /** The headers and the texts of all `_bulk` requests. */
  readonly requests: readonly {
    readonly headers: IncomingMessage['headers']
    readonly body: string
  }[]
  /** Refuses documents one by one; undefined takes them. */
  judge: (document: Readonly<Record<string, unknown>>) => Refusal | undefined
  /** What every request is answered with, instead of being carried out. */
  status: number | undefined
}

export interface Stored {
  readonly text: string
  readonly about: About
}

interface About {
  readonly _index: string
  readonly _id?: string
  readonly pipeline?: string
  readonly routing?: string
  readonly retry_on_conflict?: number
}

interface Result {
  readonly status: number
  readonly result?: string
  readonly error?: { readonly type: string; readonly reason: string }
}

export async function startBulkServer(port = 0): Promise<BulkServer> {
  const documents = new Map<string, Map<string, Stored>>()
  const requests: { headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = await textOf(request)
    const answer = (status: number, content: unknown): void => {
      const headers = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }
      response.writeHead(status, headers)
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify(content))
    }
    const path = new URL(request.url ?? '/', 'http://node').pathname
    const [, index = '', kind = '', id = ''] = path.split('/').map(decodeURIComponent)
    if (path === '/_bulk') requests.push({ headers: request.headers, body })
    if (bulk.status !== undefined) {
      const reason = 'told to answer so'
      return answer(bulk.status, { error: { type: 'told', reason }, status: bulk.status })
    }
    if (path === '/_bulk') {
      const items = carryOut(body, documents, bulk.judge)
      const errors = items.some((item) => Object.values(item).some(({ status }) => status > 299))
      return answer(200, { took: 1, errors, items })
    }
    if (path === '/_nodes/_all/http') {
      const http = { publish_address: new URL(`http://${request.headers.host}`).host }
      return answer(200, { nodes: { only: { http, roles: ['data', 'ingest', 'master'] } } })
    }
    if (kind === '_count') return answer(200, { count: documents.get(index)?.size ?? 0 })
    if (kind === '_doc') {
      const stored = documents.get(index)?.get(id)
      const found = stored !== undefined
      const source = found ? { _source: JSON.parse(stored.text) } : {}
      return answer(found ? 200 : 404, { _index: index, _id: id, found, ...source })
    }
    return answer(200, { version: { number: '9.0.0' }, tagline: 'You Know, for Search' })
  })
  const bulk: { judge: BulkServer['judge']; status: number | undefined } = {
    judge: () => undefined,
    status: undefined,
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port }, resolve)
  })
  return Object.assign(bulk, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
}

function carryOut(
  body: string,
  documents: Map<string, Map<string, Stored>>,
  judge: BulkServer['judge'],
): readonly Record<string, About & Result>[] {
  const lines = body.split('\n')
  if (lines.pop() !== '') throw new Error('the last line of a bulk request ends, too')
  const items: Record<string, About & Result>[] = []
  while (lines.length > 0) {
    const [action, about] = Object.entries(JSON.parse(lines.shift() ?? '') as object)[0] ?? []
    if (action === undefined) throw new Error('expected an action')
    const text = action === 'delete' ? '{}' : (lines.shift() ?? '')
    const known = documents.get(about._index) ?? new Map<string, Stored>()
    documents.set(about._index, known)
    const id = about._id ?? `made-up-${known.size + items.length}`
    items.push({
      [action]: { ...about, _id: id, ...one(action, { id, text, about, known, judge }) },
    })
  }
  return items
}

interface Order {
  readonly id: string
  readonly text: string
  readonly about: About
  readonly known: Map<string, Stored>
  readonly judge: BulkServer['judge']
}

function one(action: string, { id, text, about, known, judge }: Order): Result {
  const before = known.get(id)
  if (action === 'delete') {
    known.delete(id)
    return before === undefined
      ? { status: 404, result: 'not_found' }
      : { status: 200, result: 'deleted' }
  }
  const given = JSON.parse(text)
  const { doc, doc_as_upsert: upsert } = given
  const refusal = judge(action === 'update' ? doc : given)
  if (refusal !== undefined) {
    const { status, type, reason } = refusal
    return { status, error: { type, reason } }
  }
  if (action === 'create' && before !== undefined) {
    const type = 'version_conflict_engine_exception'
    return { status: 409, error: { type, reason: `[${id}]: document already exists` } }
  }
  if (action === 'update' && before === undefined && upsert !== true) {
    const type = 'document_missing_exception'
    return { status: 404, error: { type, reason: `[${id}]: document missing` } }
  }
  const merged =
    action === 'update'
      ? JSON.stringify({ ...(before === undefined ? {} : JSON.parse(before.text)), ...doc })
      : text
  known.set(id, { text: merged, about })
  return before === undefined
    ? { status: 201, result: 'created' }
    : { status: 200, result: 'updated' }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
}
