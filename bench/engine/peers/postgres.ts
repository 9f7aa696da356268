/**
 * PostgreSQL with its own durability: a table of numbered records without an index, one INSERT a transaction through
 * the extended protocol. Transactions share a sync across connections and never within one, so each append in flight
 * has a connection of its own; sixteen records are one INSERT of sixteen rows.
 */
import { execFileSync } from 'node:child_process'
import { chownSync, readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { PeerOptions, StartedPeer } from './peer.ts'
import { accountFor, connectTo, findProgram, onLost, startServer, versionOf } from './server.ts'

const INSTALLED = '/usr/lib/postgresql'
const ACCOUNT = 'postgres'
const PORT = 5432
const PROTOCOL = 196_608
const READY_FOR_QUERY = 0x5a
const ERROR_RESPONSE = 0x45
const SETTINGS: readonly string[] = [
  'listen_addresses=',
  'max_connections=200',
  'wal_level=minimal',
  'max_wal_senders=0',
  'shared_buffers=512MB',
  'max_wal_size=16GB',
  'checkpoint_timeout=1h',
  'autovacuum=off',
]

export async function startPostgres(options: PeerOptions): Promise<StartedPeer> {
  const folders = installedFolders()
  const program = findProgram('postgres', folders)
  const initialize = findProgram('initdb', folders)
  if (program === undefined || initialize === undefined) {
    return { missing: 'no PostgreSQL is installed' }
  }
  const { directory, inFlight, recordsPerAppend, data } = options
  const account = accountFor(ACCOUNT)
  if (account !== undefined) chownSync(directory, account.uid, account.gid)
  const dataDirectory = join(directory, 'data')
  execFileSync(initialize, ['-D', dataDirectory, '-U', ACCOUNT, '-A', 'trust', '-N'], {
    stdio: 'ignore',
    cwd: directory,
    ...account,
  })
  const server = startServer(
    program,
    ['-D', dataDirectory, '-k', directory, ...SETTINGS.flatMap((setting) => ['-c', setting])],
    { directory, account, stopSignal: 'SIGINT' },
  )
  const path = join(directory, `.s.PGSQL.${PORT}`)
  try {
    const first = await connect(path)
    await first.run(query('CREATE TABLE records (sequence bigserial, data bytea)'))
    first.close()
    const lanes: PostgresLane[] = []
    for (let lane = 0; lane < inFlight; lane++) {
      const connection = await connect(path)
      await connection.run(Buffer.concat([parse(recordsPerAppend), SYNC]))
      lanes.push(connection)
    }
    const insert = Buffer.concat([bind(data, recordsPerAppend), EXECUTE, SYNC])
    return {
      name: `PostgreSQL ${versionOf(program)}`,
      how: `synchronous_commit on, ${inFlight} connections on a local socket, a prepared INSERT of ${recordsPerAppend} rows a transaction`,
      append: (lane) => lanes[lane]?.run(insert) ?? Promise.reject(new Error(`no lane ${lane}`)),
      [Symbol.asyncDispose]: async () => {
        for (const lane of lanes) lane.close()
        await server[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

class PostgresLane {
  readonly #socket: Socket
  #held: Buffer = Buffer.alloc(0)
  #error: Error | undefined
  #settle: ((error?: Error) => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    onLost(socket, (error) => this.#settle?.(error))
  }

  /** Sends messages; resolves when the server is ready for the next ones. */
  run(messages: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#error = undefined
      this.#settle = (error) => (error === undefined ? resolve() : reject(error))
      this.#socket.write(messages)
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    const held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let at = 0
    while (held.length - at >= 5) {
      const length = held.readUInt32BE(at + 1)
      if (held.length - at < 1 + length) break
      const kind = held[at]
      if (kind === ERROR_RESPONSE) {
        this.#error = new Error(
          held.toString('utf8', at + 5, at + 1 + length).replaceAll('\0', ' '),
        )
      }
      if (kind === READY_FOR_QUERY) this.#settle?.(this.#error)
      at += 1 + length
    }
    this.#held = held.subarray(at)
  }
}

async function connect(path: string): Promise<PostgresLane> {
  let lane: PostgresLane | undefined
  await connectTo({ path }, async (socket) => {
    lane = new PostgresLane(socket)
    await lane.run(startup())
  })
  if (lane === undefined) throw new Error('expected a connection, got none')
  return lane
}

function startup(): Buffer {
  const parameters = Buffer.from(`user\0${ACCOUNT}\0database\0postgres\0\0`)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + parameters.length, 0)
  head.writeUInt32BE(PROTOCOL, 4)
  return Buffer.concat([head, parameters])
}

function message(kind: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5, kind)
  head.writeUInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

function query(text: string): Buffer {
  return message('Q', Buffer.from(`${text}\0`))
}

function parse(rows: number): Buffer {
  const values = Array.from({ length: rows }, (_, index) => `($${index + 1})`).join(', ')
  return message(
    'P',
    Buffer.from(`insert\0INSERT INTO records (data) VALUES ${values}\0`),
    numbers(0),
  )
}

/** Each parameter in binary, so that nothing is escaped or parsed. */
function bind(data: Buffer, rows: number): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length, 0)
  const values = Array.from({ length: rows }, () => [length, data]).flat()
  return message('B', Buffer.from('\0insert\0'), numbers(1, 1, rows), ...values, numbers(0))
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
  return bytes
}

const EXECUTE: Buffer = message('E', Buffer.from('\0\0\0\0\0'))
const SYNC: Buffer = message('S')

/** Debian keeps the server's programs out of the path. The newest one counts. */
function installedFolders(): readonly string[] {
  try {
    return readdirSync(INSTALLED)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(INSTALLED, version, 'bin'))
  } catch {
    return []
  }
}
