/**
 * Files → one ResourceSet: everything that a source says, with all that is wrong with it. Pure over the bytes that it
 * is given; the same function serves folders, plans over posted files, and `validate`.
 */
import { type Identity, identityKey } from '../../crds/resource.ts'
import { canonicalJson } from './canonical-json.ts'
import { checkReferences, idOf } from './check-references.ts'
import { resourceDigest, sha256 } from './digest.ts'
import type { FileCache } from './file-cache.ts'
import { type Authority, checkAuthority } from './grants.ts'
import type { Problem } from './problem.ts'
import { ProblemList } from './problem-list.ts'
import type { Declaration } from './read-document.ts'
import type { FileReading } from './read-file.ts'
import { referencesOf } from './references.ts'
import type { Member, ResourceSet } from './resource-set.ts'

export interface SetInput extends Authority {
  readonly files: readonly FileInput[]
  /** What the walk skipped. */
  readonly notes: readonly string[]
  /** Entries that could not be examined or read, and why. */
  readonly unreadable: readonly Unreadable[]
  readonly cache: FileCache
  /** What the catalog has, besides what is declared here. */
  readonly known: (identity: Identity) => boolean
  /** Whether a file is known to have held resources. */
  readonly held: (path: string) => boolean
}

export interface FileInput {
  /** Relative to the source, with `/`. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Those of a file, unless it is more than one. */
  readonly limits?: FileLimits
}

export interface Unreadable {
  readonly path: string
  readonly because: string
}

export async function readSet(input: SetInput): Promise<ResourceSet> {
  const files = [...input.files].sort((left, right) => (left.path < right.path ? -1 : 1))
  const readings = await Promise.all(
    files.map(async ({ path, bytes }) => ({ path, reading: await input.cache.read(path, bytes) })),
  )
  input.cache.keep(new Set(files.map(({ path }) => path)))
  const declarations = readings.flatMap(({ reading }) => reading.declarations)
  const members = toMembers(declarations, input)
  const unreadable = input.unreadable.map(unreadableProblem)
  const fromFiles = readings.map(({ path, reading }) => judgeFile(path, reading, input.held(path)))
  const problems = [
    ...unreadable,
    ...fromFiles.flatMap((file) => file.problems),
    ...[...members.values()].flatMap((member) => member.problems),
  ]
  const incompleteBecause = [
    ...input.unreadable.map(({ path, because }) => `${path}: ${because}`),
    ...fromFiles.flatMap((file) => file.incompleteBecause),
  ]
  return {
    source: input.source,
    digest: setDigest(members, incompleteBecause.length === 0),
    complete: incompleteBecause.length === 0,
    incompleteBecause,
    members,
    problems: sortProblems(problems),
    notes: [...input.notes, ...readings.flatMap(({ reading }) => reading.notes)],
  }
}

function toMembers(
  declarations: readonly Declaration[],
  input: SetInput,
): ReadonlyMap<string, Member> {
  const findings = checkReferences(declarations, input.known)
  const members = new Map<string, Member>()
  for (const group of Map.groupBy(declarations, ({ identity }) => identityKey(identity)).values()) {
    const [declaration] = group
    if (declaration === undefined) continue
    const problems = group.flatMap((one) => [
      ...one.problems,
      ...authorityProblems(one, input),
      ...(findings.get(one) ?? []),
    ])
    members.set(identityKey(declaration.identity), toMember(declaration, onePerPlace(problems)))
  }
  return members
}

function authorityProblems(declaration: Declaration, input: SetInput): readonly Problem[] {
  const list = new ProblemList(declaration.source, declaration.tree)
  for (const problem of checkAuthority(declaration, input)) list.add(problem)
  return list.problems
}

/** Declarations are kept while their file does not change, and so are their digests. */
const digests = new WeakMap<Declaration, string>()

function digestOf(declaration: Declaration): string {
  const known = digests.get(declaration)
  if (known !== undefined) return known
  const digest = resourceDigest(declaration)
  digests.set(declaration, digest)
  return digest
}

function toMember(declaration: Declaration, problems: readonly Problem[]): Member {
  const { identity, origin, labels, annotations, spec } = declaration
  if (problems.some(({ severity }) => severity === 'error')) {
    return { state: 'invalid', identity, origin, problems }
  }
  const digest = digestOf(declaration)
  const references = referencesOf(declaration)
  const resource = {
    identity,
    id: idOf(identity, spec),
    labels,
    annotations,
    spec,
    digest,
    references,
  }
  return { state: 'valid', identity, origin, resource, problems }
}

/** Several layers may notice one fault: the first layer's word stands. */
function onePerPlace(problems: readonly Problem[]): readonly Problem[] {
  const layers = new Map<string, Problem['layer']>()
  return problems.filter(({ file, line, column, layer, severity }) => {
    const [error, own] = ['error', severity].map((one) => JSON.stringify([file, line, column, one]))
    const first = layers.get(error ?? '') ?? layers.get(own ?? '') ?? layer
    layers.set(own ?? '', layers.get(own ?? '') ?? first)
    return first === layer
  })
}

interface JudgedFile {
  readonly problems: readonly Problem[]
  readonly incompleteBecause: readonly string[]
}

/** What a file that is no longer what it was means for completeness. */
function judgeFile(path: string, reading: FileReading, heldBefore: boolean): JudgedFile {
  const own = new Set(reading.declarations.flatMap(({ problems }) => problems))
  const problems = [
    ...reading.problems.filter((problem) => !own.has(problem)),
    ...reading.strangers,
  ]
  const held = heldBefore || reading.declarations.length > 0
  const incompleteBecause = [...reading.incompleteBecause]
  if (held) {
    incompleteBecause.push(
      ...reading.strangers.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    )
  }
  if (heldBefore && reading.documents === 0 && reading.problems.length === 0) {
    const message = 'expected at least one document, as there were some before, got none'
    incompleteBecause.push(`${path}: ${message}`)
    problems.push({
      file: path,
      line: 1,
      column: 1,
      layer: 'syntax',
      severity: 'error',
      code: 'FileEmptied',
      message,
      hint: 'remove the file if its resources are meant to go',
    })
  }
  return { problems, incompleteBecause }
}

function unreadableProblem({ path, because }: Unreadable): Problem {
  const place = { file: path, line: 1, column: 1 }
  return {
    ...place,
    layer: 'syntax',
    severity: 'error',
    code: 'SourceUnreadable',
    message: `expected a file or folder that can be read: ${because}`,
    hint:
      path === '.'
        ? 'it is read once it is there and at rest; until then nothing of this source is deleted'
        : 'make it readable or remove it; until then nothing of this source is deleted',
  }
}

function setDigest(members: ReadonlyMap<string, Member>, complete: boolean): string {
  const entries = [...members]
    .map(([key, member]) => [key, member.state === 'valid' ? member.resource.digest : 'invalid'])
    .sort(([left = ''], [right = '']) => (left < right ? -1 : 1))
  return sha256(canonicalJson({ complete, entries }))
}

function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (left, right) =>
      (left.file < right.file ? -1 : left.file > right.file ? 1 : 0) ||
      left.line - right.line ||
      left.column - right.column,
  )
}
