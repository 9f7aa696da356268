/** A pipeline's environment for tests, previews and benchmarks: nothing of it touches the process. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type Duplex, PassThrough, Writable } from 'node:stream'
import type { Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import { openMemoryEngine } from '../log/memory-engine.ts'
import type { Clock } from '../ports/clock.ts'
import { EndpointRoutes, pathOf } from '../ports/endpoint-routes.ts'
import type { EndpointHandler, Endpoints, UpgradeHandler } from '../ports/endpoints.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { realClock } from '../ports/real-clock.ts'
import { realRandom } from '../ports/real-random.ts'
import { PipelineMetrics } from './component-metrics.ts'
import type { PipelineEnvironment, StreamTarget } from './pipeline.ts'
import type { Place } from './place.ts'

export interface TestEnvironmentOptions extends Partial<PipelineEnvironment> {
  readonly engine?: Engine
  readonly clock?: Clock
  readonly random?: Random
  readonly checks?: Readonly<Record<string, StreamTarget['check']>>
}

export interface TestEnvironment extends PipelineEnvironment {
  readonly stdin: PassThrough
  readonly stdout: CollectedOutput
  readonly endpoints: CollectedEndpoints
}

/** Streams are found in the engine, as `namespace/name`; whatever is not given is simulated or empty. */
export function testEnvironment(options: TestEnvironmentOptions = {}): TestEnvironment {
  const { clock = realClock, random = realRandom } = options
  const name = options.name ?? 'test'
  const engine = options.engine ?? openMemoryEngine({ clock, random })
  return {
    namespace: 'default',
    name,
    group: `pipeline.${name}`,
    endpointPrefix: `/${name}`,
    logger: silentLogger,
    streams: {
      resolve: (namespace, stream) => {
        const [found] = engine.streams.describe([`${namespace}/${stream}`])
        if (found === undefined) return undefined
        const { incarnation } = found
        const needsKey = found.compaction === 'key'
        return { stream: found.name, incarnation, check: options.checks?.[stream], needsKey }
      },
    },
    secrets: {
      resolve: async () => {
        throw new HeadgateError('SecretMissing', 'a test has no secrets')
      },
    },
    directory: process.cwd(),
    env: () => undefined,
    ...options,
    engine,
    clock,
    random,
    stdin: new PassThrough(),
    stdout: new CollectedOutput(),
    endpoints: new CollectedEndpoints(),
  }
}

/** An output that remembers what was written to it. */
export class CollectedOutput extends Writable {
  readonly chunks: Buffer[] = []

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk))
    done()
  }
}

/** Endpoints without a server: a test calls the handlers, or puts a server of its own before them. */
export class CollectedEndpoints implements Endpoints {
  readonly handlers: Map<string, EndpointHandler> = new Map()
  readonly #routes = new EndpointRoutes<{ handler: EndpointHandler; upgrade?: UpgradeHandler }>()

  mount(path: string, handler: EndpointHandler, upgrade?: UpgradeHandler): Disposable {
    if (this.handlers.has(path)) throw new HeadgateError('ResourceBusy', `path ${path} is taken`)
    this.handlers.set(path, handler)
    this.#routes.set(path, upgrade === undefined ? { handler } : { handler, upgrade })
    return {
      [Symbol.dispose]: () => {
        this.handlers.delete(path)
        this.#routes.delete(path)
      },
    }
  }

  /** For a server that a test puts before them. */
  listenOn(server: Server): void {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const found = this.#routes.find(pathOf(request.url ?? '/'))
      if (found === undefined) response.writeHead(404).end()
      else found.handler(request, response)
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const upgrade = this.#routes.find(pathOf(request.url ?? '/'))?.upgrade
      if (upgrade === undefined) socket.destroy()
      else upgrade(request, socket, head)
    })
  }
}

const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}

/** Where a component of a test stands: `output told`. */
export function placeOf(name: string): Place {
  const path = `root.${name.split(' ')[0]}`
  const metrics = new PipelineMetrics().of({ label: '', path })
  return { name, label: '', path, connects: true, metrics }
}
