/**
 * Reads what a folder or a file declares, as `headgate up` would: its Pipelines, and the Streams and StreamTypes that
 * they are about. What is wrong with it is thrown, all of it at once.
 */
import { realpathSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { GRANTS_ALL, SCOPE_ALL } from '../controllers/config/implied-source.ts'
import { type Declared, declaredIn } from '../controllers/configs/declared-pipelines.ts'
import { FileCache } from '../controllers/sets/file-cache.ts'
import type { Problem } from '../controllers/sets/problem.ts'
import { problemText } from '../controllers/sets/problem-text.ts'
import { type FileInput, readSet } from '../controllers/sets/read-set.ts'
import type { ResourceSet } from '../controllers/sets/resource-set.ts'
import { FileMemory } from '../controllers/sources/file-memory.ts'
import { walkFiles } from '../controllers/sources/file-walk.ts'
import { HeadgateError } from '../engine/error.ts'
import { inspectPipeline } from '../engine/pipelines/inspect-pipeline.ts'
import { inspectSink } from '../engine/pipelines/sink.ts'
import { realClock } from '../engine/ports/real-clock.ts'
import { nearest } from '../engine/suggest.ts'
import type { PipelineRun } from './pipeline-run.ts'
import { type GivenFor, type RunOptions, runDeclared } from './run-declared.ts'
import { withHint } from './with-hint.ts'

export interface FolderOptions {
  /** `default` where absent. */
  readonly namespace?: string
}

/** `Streams` is what `headgate types` writes of the folder. */
export class LoadedFolder<Streams extends object = Readonly<Record<string, unknown>>> {
  readonly #declared: Declared
  readonly #namespace: string
  readonly #root: string

  constructor(declared: Declared, namespace: string, root: string) {
    this.#declared = declared
    this.#namespace = namespace
    this.#root = root
  }

  /** The names of its Pipelines. */
  get pipelines(): readonly string[] {
    return [...this.#declared.pipelines.keys()]
  }

  /** Runs a Pipeline on records: of its only input, or of each by its label, place or stream. */
  run(
    pipeline: string,
    records: GivenFor<Streams>,
    options: RunOptions = {},
  ): Promise<PipelineRun<Streams>> {
    return withHint(() => {
      const found = this.#declared.pipelines.get(pipeline)
      if (found === undefined) throw unknownPipeline(pipeline, this.pipelines)
      return runDeclared(found.config, records, {
        directory: dirname(join(this.#root, found.file)),
        ...options,
        declared: this.#declared,
        name: pipeline,
        namespace: this.#namespace,
      })
    })
  }
}

export async function loadFolder<Streams extends object = Readonly<Record<string, unknown>>>(
  path: string,
  { namespace = 'default' }: FolderOptions = {},
): Promise<LoadedFolder<Streams>> {
  return withHint(async () => {
    const set = await judged(await filesAt(path))
    return new LoadedFolder<Streams>(declaredIn(set, namespace), namespace, rootOf(path))
  })
}

/** Throws what is wrong. */
export async function judged(
  files: readonly FileInput[],
  known: (identity: { readonly kind: string }) => boolean = () => false,
): Promise<ResourceSet> {
  const set = await readSet({
    source: 'local',
    scope: SCOPE_ALL,
    grants: GRANTS_ALL,
    directory: process.cwd(),
    files,
    notes: [],
    unreadable: [],
    cache: new FileCache({
      pipeline: (config) => inspectPipeline(config),
      sink: (spec) => inspectSink(spec as never),
    }),
    known,
    held: () => false,
  })
  const wrong = set.problems.filter(({ severity }) => severity === 'error')
  if (wrong.length > 0) throw invalid(wrong, files)
  return set
}

export async function filesAt(path: string): Promise<readonly FileInput[]> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    throw new HeadgateError('Usage', `there is no file or folder ${path}`, {
      hint: `It is looked for from ${process.cwd()}.`,
    })
  }
  if (!found.isDirectory()) return [{ path: basename(path), bytes: await readFile(path) }]
  const { files, unreadable } = await walkFiles(realpathSync(path), new FileMemory(realClock))
  const [first] = unreadable
  if (first === undefined) return files
  throw new HeadgateError('SourceUnreadable', `${first.path}: ${first.because}`)
}

function rootOf(path: string): string {
  return statSync(path).isDirectory() ? resolve(path) : dirname(resolve(path))
}

function invalid(problems: readonly Problem[], files: readonly FileInput[]): HeadgateError {
  const texts = new Map(files.map(({ path, bytes }) => [path, bytes]))
  const said = problems.map((problem) => {
    const bytes = texts.get(problem.file)
    return problemText(problem, bytes === undefined ? undefined : Buffer.from(bytes).toString())
  })
  return new HeadgateError('Invalid', said.join('\n'))
}

function unknownPipeline(name: string, known: readonly string[]): HeadgateError {
  const near = nearest(name, known)
  const hint = near === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${near}?`
  return new HeadgateError('Usage', `there is no Pipeline ${name}`, {
    hint: known.length === 0 ? 'There is none at all.' : hint,
  })
}
