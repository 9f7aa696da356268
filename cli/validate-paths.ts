/** Reads the folders and files that somebody names, and judges them as one set, offline. */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, relative } from 'node:path'
import { GRANTS_ALL, SCOPE_ALL } from '../controllers/config/implied-source.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import type { Problem } from '../controllers/sets/problem.ts'
import { readSet } from '../controllers/sets/read-set.ts'
import { FileMemory } from '../controllers/sources/file-memory.ts'
import { type Walk as SetWalk, walkFiles } from '../controllers/sources/file-walk.ts'
import { HeadgateError } from '../engine/error.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { engineInspector } from './inspector.ts'

export interface Validation {
  readonly problems: readonly Problem[]
  readonly resources: number
  readonly files: number
  /** By the path that problems name. */
  readonly texts: ReadonlyMap<string, string>
}

/** Problems name files as a person would from the working directory, unless only one folder is judged. */
export async function validatePaths(paths: readonly string[]): Promise<Validation> {
  const walks = await Promise.all(paths.map((path) => walk(path)))
  const files = [
    ...new Map(walks.flatMap((one) => one.files).map((file) => [file.path, file])).values(),
  ]
  const set = await readSet({
    source: 'local',
    scope: SCOPE_ALL,
    grants: GRANTS_ALL,
    directory: process.cwd(),
    files,
    notes: walks.flatMap((one) => one.notes),
    unreadable: walks.flatMap((one) => one.unreadable),
    cache: new FileCache(engineInspector),
    known: () => false,
    held: () => false,
  })
  return {
    problems: set.problems,
    resources: set.members.size,
    files: files.length,
    texts: new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()])),
  }
}

type Walk = Pick<SetWalk, 'files' | 'notes' | 'unreadable'>

async function walk(path: string): Promise<Walk> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    throw new HeadgateError('Usage', `there is no file or folder ${path}`, {
      hint: 'Check the name.',
    })
  }
  const shown = (name: string): string => shownPath(path, name)
  if (!found.isDirectory()) {
    const file = { path: shownPath(dirname(path), basename(path)), bytes: readFileSync(path) }
    return { files: [file], notes: [], unreadable: [] }
  }
  const walked = await walkFiles(realpathSync(path), new FileMemory(realClock))
  return {
    files: walked.files.map((file) => ({ ...file, path: shown(file.path) })),
    notes: walked.notes,
    unreadable: walked.unreadable.map((entry) => ({ ...entry, path: shown(entry.path) })),
  }
}

/** From the working directory where that is shorter: what an editor or a terminal opens with a click. */
function shownPath(folder: string, name: string): string {
  const absolute = `${folder}/${name}`
  const fromHere = relative(process.cwd(), absolute)
  return fromHere.startsWith('..') ? absolute : fromHere
}
