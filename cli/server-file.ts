/** `{data-dir}/server.json`: where the server that holds the directory listens, for the commands that look for it. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ServerFile {
  readonly url: string
  readonly pid: number
}

const NAME = 'server.json'

export function serverFilePath(dataDirectory: string): string {
  return join(dataDirectory, NAME)
}

/** Replaced whole, so that a reader never sees half of it. */
export function writeServerFile(dataDirectory: string, content: ServerFile): void {
  mkdirSync(dataDirectory, { recursive: true })
  const path = serverFilePath(dataDirectory)
  const temporary = `${path}.${content.pid}`
  writeFileSync(temporary, `${JSON.stringify(content)}\n`)
  renameSync(temporary, path)
}

export function removeServerFile(dataDirectory: string, pid: number): void {
  if (readServerFile(dataDirectory)?.pid === pid)
    rmSync(serverFilePath(dataDirectory), { force: true })
}

/** A process that is killed leaves its file behind. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export function readServerFile(dataDirectory: string): ServerFile | undefined {
  try {
    const value = JSON.parse(
      readFileSync(serverFilePath(dataDirectory), 'utf8'),
    ) as Partial<ServerFile>
    const { url, pid } = value
    return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : undefined
  } catch {
    return undefined
  }
}
