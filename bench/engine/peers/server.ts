/** Starts a peer's server as a child and makes sure that it ends with this process, however it ends. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atEnd } from '../at-end.ts'

const READY_MS_MAX = 20_000
const STOP_MS_MAX = 10_000

export interface ServerOptions {
  readonly directory: string
  readonly account?: Account | undefined
  /** What it takes for an orderly and quick end. */
  readonly stopSignal?: NodeJS.Signals
}

export function startServer(
  command: string,
  options: readonly string[],
  { directory, account, stopSignal = 'SIGTERM' }: ServerOptions,
): AsyncDisposable {
  const child = spawn(command, options, { cwd: directory, stdio: 'ignore', ...account })
  const registered = atEnd(() => child.kill('SIGKILL'))
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  }).then(() => registered[Symbol.dispose]())
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill(stopSignal)
      const late = new AbortController()
      await Promise.race([
        gone,
        sleep(STOP_MS_MAX, undefined, { signal: late.signal }).catch(() => {}),
      ])
      late.abort()
      child.kill('SIGKILL')
      await gone
    },
  }
}

export type Address = { readonly path: string } | { readonly host: string; readonly port: number }

/** Tries until the server answers; a server that came up and is not ready drops the connection, which `greet` sees. */
export async function connectTo(
  address: Address,
  greet: (socket: Socket) => Promise<void>,
): Promise<Socket> {
  for (const startedMs = performance.now(); ; ) {
    const socket = createConnection(address)
    socket.setNoDelay(true)
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.once('close', () => reject(new Error('the connection was closed')))
        socket.once('connect', () => greet(socket).then(resolve, reject))
      })
      socket.on('error', () => {})
      return socket
    } catch (error) {
      socket.destroy()
      if (performance.now() - startedMs > READY_MS_MAX) throw error
      await sleep(50)
    }
  }
}

/** All that is written to the socket in one turn leaves it in one call. */
export function corkForTurn(socket: Socket): void {
  if (socket.writableCorked > 0) return
  socket.cork()
  process.nextTick(() => socket.uncork())
}

/** Whoever waits for this connection learns that it is gone. */
export function onLost(socket: Socket, tell: (error: Error) => void): void {
  socket.once('close', () => tell(new Error('the peer closed the connection')))
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('expected a port, got none')
  return address.port
}

/** The program, in the given folders or on the path. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  return [...folders, ...(process.env['PATH'] ?? '').split(delimiter)]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
}

export function versionOf(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' })
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? text.trim()
}

export interface Account {
  readonly uid: number
  readonly gid: number
}

/** The account of the given name, where this process may and must change to it. */
export function accountFor(name: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8' }).trim())
  return { uid: id('-u'), gid: id('-g') }
}
