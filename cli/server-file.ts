/** `{data-dir}/server.json`: where the server that holds the directory listens, for the commands that look for it. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ServerFile {
  readonly url: string
  readonly pid: number
}

const NAME = 'server.json'

/** Replaced whole, so that a reader never sees half of it. */
export function writeServerFile(dataDirectory: string, content: ServerFile): void {
  mkdirSync(dataDirectory, { recursive: true })
  const path = join(dataDirectory, NAME)
  const temporary = `${path}.${content.pid}`
  writeFileSync(temporary, `${JSON.stringify(content)}\n`)
  renameSync(temporary, path)
}

export function removeServerFile(dataDirectory: string, pid: number): void {
  if (readServerFile(dataDirectory)?.pid === pid) rmSync(join(dataDirectory, NAME), { force: true })
}

export function readServerFile(dataDirectory: string): ServerFile | undefined {
  try {
    const value = JSON.parse(readFileSync(join(dataDirectory, NAME), 'utf8')) as Partial<ServerFile>
    const { url, pid } = value
    return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : undefined
  } catch {
    return undefined
  }
}
