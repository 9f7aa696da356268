/** `runPipeline`: one pipeline of wherever it is, an object, a text or a file, on records. */
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { readConfigFile } from '../controllers/configs/config-file.ts'
import {
  type Declared,
  declaredIn,
  NOTHING_DECLARED,
} from '../controllers/configs/declared-pipelines.ts'
import type { FileInput } from '../controllers/sets/read-set.ts'
import { API_VERSION } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { isRecord } from '../engine/pipelines/component-config.ts'
import { filesAt, judged, loadFolder } from './load-folder.ts'
import type { PipelineRun } from './pipeline-run.ts'
import { type GivenFor, type RunOptions, runDeclared } from './run-declared.ts'
import { withHint } from './with-hint.ts'

export interface RunPipelineOptions extends RunOptions {
  /** Which Pipeline, where there are several. */
  readonly name?: string
  /** Whose; `default` where absent. */
  readonly namespace?: string
}

const TEXT_NAME = 'pipeline.yaml'

/**
 * Runs a whole pipeline in memory. It is a stream config or a Pipeline as an object, its YAML, or the path of a file or
 * folder that declares it; Streams and StreamTypes beside it count.
 */
export async function runPipeline<Streams extends object = Readonly<Record<string, unknown>>>(
  pipeline: string | object,
  records: GivenFor<NoInfer<Streams>>,
  { name, namespace = 'default', ...options }: RunPipelineOptions = {},
): Promise<PipelineRun<Streams>> {
  if (typeof pipeline === 'string' && isFolder(pipeline)) {
    const folder = await loadFolder<Streams>(pipeline, { namespace })
    return withHint(async () => folder.run(onlyOf(folder.pipelines, name), records, options))
  }
  return withHint(async () => {
    const { config, ...chosen } = await choose(pipeline, { name, namespace })
    return runDeclared<Streams>(config, records, { ...chosen, ...options, namespace })
  })
}

function isFolder(path: string): boolean {
  return !path.includes('\n') && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

interface Choice {
  readonly name: string | undefined
  readonly namespace: string
}

interface Chosen {
  /** That declares it. */
  readonly directory?: string
  readonly config: unknown
  readonly declared: Declared
  readonly name?: string
}

async function choose(pipeline: string | object, choice: Choice): Promise<Chosen> {
  if (typeof pipeline !== 'string') {
    const isOurs = isRecord(pipeline) && pipeline['apiVersion'] === API_VERSION
    if (!isOurs) return { config: pipeline, declared: NOTHING_DECLARED }
    return ofFile([{ path: 'pipeline.json', bytes: Buffer.from(JSON.stringify(pipeline)) }], choice)
  }
  const isText = pipeline.includes('\n') || !/\.(ya?ml|json)$/i.test(pipeline)
  if (isText) return ofFile([{ path: TEXT_NAME, bytes: Buffer.from(pipeline) }], choice)
  return {
    directory: dirname(resolve(pipeline)),
    ...(await ofFile(await filesAt(pipeline), choice)),
  }
}

async function ofFile([file]: readonly FileInput[], { name, namespace }: Choice): Promise<Chosen> {
  if (file === undefined) return { config: {}, declared: NOTHING_DECLARED }
  const { documents } = readConfigFile(file.path, file.bytes)
  const [only] = documents
  if (only?.as === 'config' && documents.length === 1) {
    return { config: only.config, declared: NOTHING_DECLARED }
  }
  // What it refers to may well be declared in another file.
  const declared = declaredIn(await judged([file], () => true), namespace)
  const chosen = onlyOf([...declared.pipelines.keys()], name)
  return { config: declared.pipelines.get(chosen)?.config, declared, name: chosen }
}

function onlyOf(names: readonly string[], name: string | undefined): string {
  const [only] = names
  if (name !== undefined && names.includes(name)) return name
  if (name === undefined && only !== undefined && names.length === 1) return only
  const there = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`
  throw new HeadgateError('Usage', `expected ${name ?? 'one Pipeline'}, but ${there}`, {
    hint: 'Say which: runPipeline(…, records, { name }).',
  })
}
