/** The YAML files that somebody names: files, folders, or `-` for stdin; each can be written back to where it is. */
import { readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { FileMemory } from '../controllers/sources/file-memory.ts'
import { walkFiles } from '../controllers/sources/file-walk.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'

export interface YamlFile {
  /** As people read it from the working directory. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Undefined for stdin. */
  readonly write: ((text: string) => void) | undefined
}

const STDIN = '-'
const YAML = /\.ya?ml$/i

export async function yamlFiles(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream,
): Promise<readonly YamlFile[]> {
  const files = new Map<string, YamlFile>()
  for (const path of paths) {
    const found = path === STDIN ? [await stdinFile(stdin)] : await filesAt(resolve(path))
    for (const file of found) files.set(file.path, file)
  }
  return [...files.values()]
}

async function stdinFile(stdin: NodeJS.ReadableStream): Promise<YamlFile> {
  return { path: 'stdin.yaml', bytes: await buffer(stdin), write: undefined }
}

async function filesAt(path: string): Promise<readonly YamlFile[]> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    throw new HeadgateError('Usage', `there is no file or folder ${path}`, {
      hint: 'Check the name.',
    })
  }
  if (!found.isDirectory()) return [fileAt(path, readFileSync(path))]
  const root = realpathSync(path)
  const { files } = await walkFiles(root, new FileMemory(realClock))
  // JSON has no comments to keep, and tools of its own.
  return files
    .filter((file) => YAML.test(file.path))
    .map((file) => fileAt(join(root, file.path), file.bytes))
}

function fileAt(path: string, bytes: Uint8Array): YamlFile {
  const fromHere = relative(process.cwd(), path)
  return {
    path: fromHere.startsWith('..') ? path : fromHere,
    bytes,
    write: (text) => writeFileSync(path, text),
  }
}
