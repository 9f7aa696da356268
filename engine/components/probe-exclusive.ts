/**
 * Whether what a pipeline holds alone can be had: a port is listened on and given back, a file is opened and closed. A
 * replacement is asked for it while the one before it still runs. Nothing is left behind.
 */
import { open, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HeadgateError } from '../error.ts'
import { listenOn } from './http/listen-on.ts'
import { parseAddress } from './http/listener.ts'
import { makeFolders } from './make-folders.ts'

/** `name` is one that says the same thing in the same way: `port:127.0.0.1:80`, `port:*:80`, `file:/path`. */
export async function probeExclusive(name: string): Promise<void> {
  if (name.startsWith('file:')) return probeFile(name.slice('file:'.length))
  if (!name.startsWith('port:')) return
  const address = parseAddress(name.slice('port:'.length).replace(/^\*:/, ':'))
  if (address === undefined) return
  const { createServer } = await import('node:net')
  const server = createServer()
  await listenOn(server, address)
  await new Promise<void>((resolve) => server.close(() => resolve()))
}

async function probeFile(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  // A pipe or a socket is somebody's other end: to open it is to be seen.
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return
  try {
    const made = there === undefined ? await makeFolders(dirname(path)) : undefined
    try {
      await (await open(path, 'a')).close()
      if (there === undefined) await unlink(path)
    } finally {
      if (made !== undefined) await unmake(dirname(path), made)
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HeadgateError('OutputFailed', `cannot write ${path}: ${reason}`, { cause })
  }
}

/** From the innermost folder out to the first that was made; what somebody put there meanwhile stays. */
async function unmake(innermost: string, first: string): Promise<void> {
  for (let folder = innermost; folder.startsWith(first); folder = dirname(folder)) {
    const gone = await rmdir(folder).then(
      () => true,
      () => false,
    )
    if (!gone) return
  }
}
