/**
 * Files → one ResourceSet: everything that a source says, with all that is wrong with it. Pure over the bytes that it
 * is given; the same serves folders, plans over posted files, and `validate`.
 *
 * A reader that is kept does again only what a change of files touches, and answers what a new one would answer.
 */
import type { Identity } from '../../crds/resource.ts'
import type { Template } from '../../engine/pipelines/templates/template.ts'
import { isTemplateFile } from './config-names.ts'
import { DeclaredTogether } from './declared-together.ts'
import { sha256 } from './digest.ts'
import type { FileCache } from './file-cache.ts'
import type { Authority } from './grants.ts'
import { judgeFile, type Unreadable, unreadableProblem } from './judge-file.ts'
import type { FileLimits } from './limits.ts'
import { memberOf } from './member-of.ts'
import type { Problem } from './problem.ts'
import type { Declaration } from './read-document.ts'
import type { FileReading } from './read-file.ts'
import type { Member, ResourceSet } from './resource-set.ts'

export interface SetReaderOptions extends Authority {
  readonly cache: FileCache
  /** What the catalog has, besides what is declared here. */
  readonly known: (identity: Identity) => boolean
}

export interface SetFiles {
  readonly files: readonly FileInput[]
  /** What the walk skipped. */
  readonly notes: readonly string[]
  /** Entries that could not be examined or read, and why. */
  readonly unreadable: readonly Unreadable[]
  /** Whether a file is known to have held resources. */
  readonly held: (path: string) => boolean
}

export interface SetInput extends SetReaderOptions, SetFiles {}

export interface FileInput {
  /** Relative to the source, with `/`. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Those of a file, unless it is more than one. */
  readonly limits?: FileLimits
}

export function readSet(input: SetInput): Promise<ResourceSet> {
  return new SetReader(input).read(input)
}

export class SetReader {
  readonly #options: SetReaderOptions
  readonly #together: DeclaredTogether
  #readings: ReadonlyMap<string, FileReading> = new Map()
  #members: ReadonlyMap<string, Member> = new Map()
  /** Of the members; sorted again only when one came or went. */
  #names: readonly string[] = []
  #identities: string = identitiesDigest([])

  constructor(options: SetReaderOptions) {
    this.#options = options
    this.#together = new DeclaredTogether(options.known)
  }

  async read({ files, notes, unreadable, held }: SetFiles): Promise<ResourceSet> {
    const readings = await this.#read(files)
    this.#update(readings)
    const problems = unreadable.map(unreadableProblem)
    const incompleteBecause = unreadable.map(({ path, because }) => `${path}: ${because}`)
    const allNotes = [...notes]
    for (const [path, reading] of readings) {
      const judged = judgeFile(path, reading, held(path))
      problems.push(...judged.problems)
      incompleteBecause.push(...judged.incompleteBecause)
      allNotes.push(...reading.notes)
    }
    for (const member of this.#members.values()) problems.push(...member.problems)
    return {
      source: this.#options.source,
      identities: this.#identities,
      digest: setDigest(this.#names, this.#members, incompleteBecause.length === 0),
      complete: incompleteBecause.length === 0,
      incompleteBecause,
      members: this.#members,
      problems: sortProblems(problems),
      notes: allNotes,
    }
  }

  /** In the order of their paths. */
  async #read(files: readonly FileInput[]): Promise<ReadonlyMap<string, FileReading>> {
    const { cache } = this.#options
    const sorted = [...files].sort((left, right) => (left.path < right.path ? -1 : 1))
    cache.use(await readTemplates(sorted, cache))
    const unknown = sorted.filter(({ path, bytes }) => cache.recall(path, bytes) === undefined)
    await Promise.all(unknown.map(({ path, bytes, limits }) => cache.read(path, bytes, limits)))
    const readings = new Map<string, FileReading>()
    for (const { path, bytes } of sorted) {
      const reading = cache.recall(path, bytes)
      if (reading !== undefined) readings.set(path, reading)
    }
    cache.keep(readings)
    return readings
  }

  #update(readings: ReadonlyMap<string, FileReading>): void {
    const before: Declaration[] = []
    const after: Declaration[] = []
    for (const [path, reading] of readings) {
      const known = this.#readings.get(path)
      if (known === reading) continue
      before.push(...(known?.declarations ?? []))
      after.push(...reading.declarations)
    }
    for (const [path, { declarations }] of this.#readings)
      if (!readings.has(path)) before.push(...declarations)
    this.#readings = readings
    const names = this.#together.change(before, after)
    if (names.size > 0) this.#judgeAgain(names)
  }

  #judgeAgain(names: ReadonlySet<string>): void {
    const members = new Map(this.#members)
    for (const name of names) {
      const member = memberOf(this.#together.named(name), this.#options, (declaration) =>
        this.#together.problemsOf(declaration),
      )
      if (member === undefined) members.delete(name)
      else members.set(name, member)
    }
    const isSame =
      members.size === this.#members.size && [...names].every((name) => this.#members.has(name))
    this.#members = members
    if (isSame) return
    this.#names = [...members.keys()].sort()
    this.#identities = identitiesDigest(this.#names)
  }
}

/** Before all else, for the others may use them. */
async function readTemplates(
  files: readonly FileInput[],
  cache: FileCache,
): Promise<readonly Template[]> {
  const templates: Template[] = []
  for (const { path, bytes, limits } of files) {
    if (!isTemplateFile(path)) continue
    const { template } = await cache.read(path, bytes, limits)
    if (template !== undefined) templates.push(template)
  }
  return templates
}

/** `names` are identityKeys, sorted. */
export function identitiesDigest(names: readonly string[]): string {
  return sha256(names.join('\n'))
}

function setDigest(
  names: readonly string[],
  members: ReadonlyMap<string, Member>,
  complete: boolean,
): string {
  const entries = names.map((name) => {
    const member = members.get(name)
    return [name, member?.state === 'valid' ? member.resource.digest : 'invalid']
  })
  return sha256(JSON.stringify({ complete, entries }))
}

function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (left, right) =>
      (left.file < right.file ? -1 : left.file > right.file ? 1 : 0) ||
      left.line - right.line ||
      left.column - right.column,
  )
}
