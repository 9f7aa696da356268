/**
 * Makes a folder with those above it that are missing, and answers the outermost that it made. Node's own recursive call
 * never ends where a file system refuses a folder by saying that the one above it is missing, as /proc does.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

export async function makeFolders(path: string): Promise<string | undefined> {
  const failure = await attempt(path)
  if (failure === undefined) return path
  if (failure.code === 'EEXIST') return undefined
  if (failure.code !== 'ENOENT' || dirname(path) === path) throw failure
  const outermost = await makeFolders(dirname(path))
  const again = await attempt(path)
  if (again !== undefined && again.code !== 'EEXIST') throw again
  return outermost ?? (again === undefined ? path : undefined)
}

async function attempt(path: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path)
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}
