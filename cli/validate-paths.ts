/** Reads the folders and files that somebody names, and judges them as one set, offline. */
import { createReadStream, realpathSync, statSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import { GRANTS_ALL, SCOPE_ALL } from '../controllers/config/implied-source.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import { FILE_BYTES_MAX, PIPED_LIMITS } from '../controllers/sets/limits.ts'
import type { Problem } from '../controllers/sets/problem.ts'
import { type FileInput, readSet } from '../controllers/sets/read-set.ts'
import type { ResourceSet } from '../controllers/sets/resource-set.ts'
import { FileMemory } from '../controllers/sources/file-memory.ts'
import { type Walk as SetWalk, walkFiles } from '../controllers/sources/file-walk.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { engineInspector } from './inspector.ts'
import { moduleFault } from './module-fault.ts'

export interface Validation {
  readonly set: ResourceSet
  readonly problems: readonly Problem[]
  readonly resources: number
  /** Every file that was read, by the path that problems name. */
  readonly files: readonly string[]
  /** What was passed over, and why. */
  readonly notes: readonly string[]
  /** Of the files that have problems. */
  readonly texts: ReadonlyMap<string, string>
}

export interface ValidateOptions {
  readonly stdin?: AsyncIterable<string | Uint8Array> | undefined
  /** Whether the code that pipelines name has to be there. */
  readonly looksAtModules?: boolean
}

/** Problems name files as a person would from the working directory, unless only one folder is judged. */
export async function validatePaths(
  paths: readonly string[],
  { stdin, looksAtModules = true }: ValidateOptions = {},
): Promise<Validation> {
  const walks = await Promise.all([
    ...paths.map((path) => walk(path)),
    ...(stdin === undefined ? [] : [readStdin(stdin)]),
  ])
  const files = [
    ...new Map(walks.flatMap((one) => one.files).map((file) => [file.path, file])).values(),
  ]
  const set = await readSet({
    source: 'local',
    scope: SCOPE_ALL,
    grants: GRANTS_ALL,
    directory: process.cwd(),
    ...(looksAtModules ? { moduleFault } : {}),
    files,
    notes: walks.flatMap((one) => one.notes),
    unreadable: walks.flatMap((one) => one.unreadable),
    cache: new FileCache(engineInspector),
    known: () => false,
    held: () => false,
  })
  const wrong = new Set(set.problems.map(({ file }) => file))
  return {
    set,
    problems: set.problems,
    resources: set.members.size,
    files: files.map(({ path }) => path),
    notes: set.notes,
    texts: new Map(
      files
        .filter(({ path }) => wrong.has(path))
        .map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
    ),
  }
}

/** What is piped in has no name; it is YAML, which JSON is too. */
const STDIN_NAME = '(stdin)'

async function readStdin(stdin: AsyncIterable<string | Uint8Array>): Promise<Walk> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk)
    chunks.push(bytes)
    length += bytes.length
    // More is refused anyway.
    if (length > PIPED_LIMITS.bytesMax) break
  }
  const file = { path: STDIN_NAME, bytes: Buffer.concat(chunks), limits: PIPED_LIMITS }
  return { files: [file], notes: [], unreadable: [] }
}

export type Walk = Pick<SetWalk, 'notes' | 'unreadable'> & { readonly files: readonly FileInput[] }

export async function walk(path: string): Promise<Walk> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    throw new HeadgateError('Usage', `there is no file or folder ${path}`, {
      hint: 'Check the name.',
    })
  }
  const shown = (name: string): string => shownPath(path, name)
  if (!found.isDirectory()) {
    const name = shownPath(dirname(path), basename(path))
    try {
      return { files: [{ path: name, bytes: await readFile(path) }], notes: [], unreadable: [] }
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error)
      return { files: [], notes: [], unreadable: [{ path: name, because }] }
    }
  }
  const walked = await walkFiles(realpathSync(path), new FileMemory(realClock))
  return {
    files: walked.files.map((file) => ({ ...file, path: shown(file.path) })),
    // Each begins with the path that it is about.
    notes: walked.notes.map(shown),
    unreadable: walked.unreadable.map((entry) => ({ ...entry, path: shown(entry.path) })),
  }
}

/** No more than it takes to see that it is too long. */
async function readFile(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of createReadStream(path, { end: FILE_BYTES_MAX })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** From the working directory where that is shorter: what an editor or a terminal opens with a click. */
function shownPath(folder: string, name: string): string {
  const absolute = `${folder}/${name}`
  const fromHere = relative(process.cwd(), absolute)
  return fromHere.startsWith('..') ? absolute : fromHere
}
