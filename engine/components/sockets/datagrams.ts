/** A UDP listener: each datagram is scanned by itself, and its messages wait to be taken. */
import { createSocket, type Socket } from 'node:dgram'
import type { Message } from '../../pipelines/message.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { parseAddress } from '../http/listener.ts'
import { whenReady } from '../in-turn.ts'
import { ScannedBatches } from '../scanners/scanned-batches.ts'
import type { OpenScanner } from '../scanners/scanner.ts'
import { listenFailure } from './listen.ts'

/** What waits to be taken, in bytes; what comes beyond it is dropped. */
export const DATAGRAMS_WAITING_BYTES_MAX: number = 16 * 1024 * 1024
const TOLD_EVERY_MS = 1_000

export interface DatagramsOptions {
  readonly address: string
  readonly open: OpenScanner
  readonly environment: Pick<PipelineEnvironment, 'clock' | 'logger'>
}

export class Datagrams {
  readonly #socket: Socket
  readonly #options: DatagramsOptions
  readonly #changed: () => void
  #messages: Message[] = []
  #bytes = 0
  /** Datagrams that came and are not scanned, of a scanner that takes its time. */
  #scanning: Promise<void> | undefined
  #dropped = 0
  #toldMs: number | undefined

  private constructor(socket: Socket, options: DatagramsOptions, changed: () => void) {
    this.#socket = socket
    this.#options = options
    this.#changed = changed
    socket.on('message', (datagram) => this.#arrived(datagram))
  }

  /** `changed` is called when there is something to take. */
  static async open(options: DatagramsOptions, changed: () => void): Promise<Datagrams> {
    const { host = '', port = 0 } = parseAddress(options.address) ?? {}
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (cause) => reject(listenFailure(options.address, cause)))
      socket.bind(port, host, () => resolve())
    }).catch((thrown) => {
      socket.close()
      throw thrown
    })
    socket.on('error', (error) =>
      options.environment.logger.warn('a UDP listener failed', { reason: error.message }),
    )
    return new Datagrams(socket, options, changed)
  }

  get address(): string {
    const { address, family, port } = this.#socket.address()
    return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
  }

  /** All that waits. */
  take(): Message[] | undefined {
    if (this.#messages.length === 0) return undefined
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    return messages
  }

  close(): void {
    this.#socket.close()
  }

  #arrived(datagram: Buffer): void {
    if (this.#bytes + datagram.length > DATAGRAMS_WAITING_BYTES_MAX) {
      this.#drop()
      return
    }
    this.#bytes += datagram.length
    const scan = (): void | Promise<void> => this.#scan(datagram)
    const scanning = this.#scanning === undefined ? scan() : this.#scanning.then(scan)
    if (!(scanning instanceof Promise)) return
    this.#scanning = scanning
    void scanning.then(() => {
      if (this.#scanning === scanning) this.#scanning = undefined
    })
  }

  /** A promise where the scanner makes one; it never rejects. */
  #scan(datagram: Buffer): void | Promise<void> {
    const scanner = this.#options.open({ name: '', metadata: undefined })
    const batches = new ScannedBatches(scanner)
    const failed = (thrown: unknown): void => {
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      this.#options.environment.logger.warn('a datagram cannot be read', { reason })
    }
    try {
      const ended = whenReady(scanner.push(datagram), () => {
        this.#keep(batches)
        return scanner.end()
      })
      const kept = whenReady(ended, () => this.#keep(batches))
      return kept instanceof Promise ? kept.catch(failed) : kept
    } catch (thrown) {
      failed(thrown)
    }
  }

  #keep(batches: ScannedBatches): void {
    for (let more = batches.next(); more !== undefined; more = batches.next()) {
      for (const message of more) this.#messages.push(message)
    }
    this.#changed()
  }

  #drop(): void {
    this.#dropped += 1
    const { clock, logger } = this.#options.environment
    const nowMs = clock.monotonicMs()
    if (this.#toldMs !== undefined && nowMs - this.#toldMs < TOLD_EVERY_MS) return
    this.#toldMs = nowMs
    logger.warn('datagrams were dropped, for more came than are taken', { count: this.#dropped })
    this.#dropped = 0
  }
}
