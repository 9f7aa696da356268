/**
 * A site with one page, as a browser sees Headgate: modules of the client and of the page as JavaScript, everything else
 * from the real server behind it. What the page posts to `/told` is its result.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const ROOT = join(import.meta.dirname, '../..')
const MODULE = /^\/(?:client|test\/browser)\/[a-z-]+\.ts$/

export interface Site extends AsyncDisposable {
  readonly url: string
  /** What the page told. */
  readonly told: Promise<unknown>
}

export async function serveSite(script: string, server: string): Promise<Site> {
  const { promise: told, resolve } = Promise.withResolvers<unknown>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/'
    if (path === '/') {
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><script type="module" src="${script}"></script>`)
    } else if (MODULE.test(path)) {
      response.setHeader('content-type', 'text/javascript')
      response.end(stripTypeScriptTypes(readFileSync(join(ROOT, path), 'utf8')))
    } else if (path === '/told') {
      resolve(JSON.parse(await text(request)))
      response.end()
    } else {
      await hand(request, response, new URL(path, server))
    }
  }
  const site = createServer((request, response) => {
    answer(request, response).catch((thrown) => response.destroy(thrown))
  })
  await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening))
  const { port } = site.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    told,
    async [Symbol.asyncDispose]() {
      site.closeAllConnections()
      await new Promise((closed) => site.close(closed))
    },
  }
}

async function hand(request: IncomingMessage, response: ServerResponse, to: URL): Promise<void> {
  const { method = 'GET', headers } = request
  const given = Object.entries(headers).filter(([name]) => !HOP.has(name)) as [string, string][]
  const body = method === 'GET' ? undefined : await text(request)
  const closed = new AbortController()
  response.on('close', () => closed.abort())
  const answered = await fetch(to, {
    method,
    headers: given,
    signal: closed.signal,
    ...(body === undefined ? {} : { body }),
  })
  response.writeHead(answered.status, {
    'content-type': answered.headers.get('content-type') ?? 'application/octet-stream',
  })
  for await (const bytes of answered.body ?? []) response.write(bytes)
  response.end()
}

/** Of one connection, or of one page. */
const HOP: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'origin',
  'referer',
  'accept-encoding',
])
