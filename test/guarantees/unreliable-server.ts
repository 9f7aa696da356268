/**
 * A server that other people run: it refuses, hangs and dies now and then, and remembers what it took. Each place has a
 * mishap of its own; a request counts as taken when it was answered with 200, or died after it was taken.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'

export type Mishap = 'none' | 'refuses' | 'dies' | 'hangs' | 'fails'

/** Every so manieth request of a place meets its mishap; coprime to the batches that tests use. */
const EVERY = 3
const TURNS_HELD = 40

export interface UnreliableServer extends AsyncDisposable {
  readonly url: string
  /** The bodies that were taken at a place, such as `/a/refuses`: the mishap is the last part of the path. */
  taken(place: string): readonly string[]
  /** How many requests were taken at all places. */
  readonly total: number
}

export async function unreliableServer(): Promise<UnreliableServer> {
  const bodies = new Map<string, string[]>()
  const requests = new Map<string, number>()
  let total = 0
  const take = (place: string, body: string): void => {
    total += 1
    bodies.set(place, [...(bodies.get(place) ?? []), body])
  }
  const server = createServer(async (request, response) => {
    const { url: place = '' } = request
    const body = await bodyOf(request)
    if (body === undefined) return
    const count = (requests.get(place) ?? 0) + 1
    requests.set(place, count)
    const mishap = place.split('/').at(-1) as Mishap
    const isStruck = mishap === 'fails' || count % EVERY === 0
    await (isStruck ? STRIKES[mishap] : answer)(response, () => take(place, body), count)
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: (place) => bodies.get(place) ?? [],
    get total() {
      return total
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

type Strike = (response: ServerResponse, take: () => void, count: number) => void | Promise<void>

function answer(response: ServerResponse, take: () => void): void {
  take()
  response.writeHead(200).end()
}

const STRIKES: Readonly<Record<Mishap, Strike>> = {
  none: answer,
  refuses: (response) => void response.writeHead(503).end(),
  fails: (response) => void response.writeHead(503).end(),
  /** Before or after it took the request: the client cannot know. */
  dies: (response, take, count) => {
    if (count % 2 === 0) take()
    response.socket?.destroy()
  },
  /** Long enough for whoever does not wait for it to go on. */
  hangs: async (response, take) => {
    for (let turn = 0; turn < TURNS_HELD; turn++) await setImmediate()
    answer(response, take)
  },
}

/** Undefined for a request that its sender cut off. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  } catch {
    return undefined
  }
}
