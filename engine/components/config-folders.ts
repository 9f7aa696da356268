/** Folders that a config names, such as modules and schemas that name each other: read when a component is built. */
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { HeadgateError } from '../error.ts'
import type { PipelineEnvironment } from '../pipelines/pipeline.ts'
import { readConfigFile } from './config-file.ts'

export interface FolderOptions {
  /** Files by these names are read, and no others. */
  readonly names: RegExp
  /** Of all folders together. */
  readonly filesMax: number
}

/** What the files hold, by their paths from the folder; of equal paths the first counts. */
export function readConfigFolders(
  environment: Pick<PipelineEnvironment, 'directory' | 'files'>,
  folders: readonly string[],
  { names, filesMax }: FolderOptions,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const folder of folders) {
    const place = resolve(environment.directory, folder)
    for (const name of namesIn(place)) {
      if (!names.test(name) || files.has(name)) continue
      if (files.size >= filesMax) {
        const message = `expected at most ${filesMax} files in ${folders.join(', ')}`
        throw new HeadgateError('LimitExceeded', message)
      }
      files.set(name, Buffer.from(readConfigFile(environment, join(place, name))).toString())
    }
  }
  return files
}

function namesIn(place: string): readonly string[] {
  try {
    return readdirSync(place, { recursive: true, encoding: 'utf8' }).sort()
  } catch (cause) {
    throw new HeadgateError('SourceUnreadable', `expected a folder at ${place}`, { cause })
  }
}
