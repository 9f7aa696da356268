/** Posted bodies → streams to keep: read, linted, and refused with all that is wrong, before anything is looked up. */
import { asHeadgateError, HeadgateError } from '../../engine/error.ts'
import { kindOf } from '../../engine/pipelines/component-config.ts'
import type { RefusedAction } from '../apply/set-refused.ts'
import { SetRefused } from '../apply/set-refused.ts'
import { type MapTree, type Path, plainValue } from '../sets/tree.ts'
import { LintError } from './lint-error.ts'
import {
  configAt,
  type LintOptions,
  lintStream,
  type PostedStream,
  STREAM_SHAPE,
} from './lint-stream.ts'
import { mergeConfig, mergeTree } from './merge-config.ts'
import { requireVariables } from './missing-variables.ts'
import { withStoredSecrets } from './posted-secrets.ts'
import { type PostedBody, readPosted } from './read-posted.ts'
import { identityOfStream, type StoredStream, type StreamConfig } from './stored-stream.ts'

/** Throws LintError, SetRefused (it cannot be built), GrantMissing, YamlSyntax and LimitExceeded. */
export async function judgeStream(
  id: string,
  body: Uint8Array,
  options: LintOptions,
  before: StoredStream | undefined,
): Promise<StoredStream> {
  const posted = readPosted(body, 'a stream config')
  const config = withStoredSecrets(configOf(posted, []), before?.config)
  return judgeOne(id, { ...posted, path: [], config, shape: STREAM_SHAPE }, options)
}

/**
 * What a PATCH makes of a stream, at the places of the patch. Nothing of it is linted but its variables, and fields that
 * do not exist are passed over.
 */
export async function judgePatch(
  body: Uint8Array,
  options: LintOptions,
  before: StoredStream,
): Promise<StoredStream> {
  const { source, tree: patch } = readPosted(body, 'a part of a stream config')
  const merged = mergeConfig(before.config, plainValue(patch)) as StreamConfig
  if (!options.chilled) requireVariables(merged, options)
  const config = withStoredSecrets(merged, before.config)
  const tree = mergeTree(before.config, patch)
  const posted = { source, tree, path: [], config, shape: STREAM_SHAPE }
  return judgeOne(before.id, posted, { ...options, chilled: true })
}

/** By id. All lints of all streams are told at once, each with its stream. */
export async function judgeSet(
  body: Uint8Array,
  options: LintOptions,
  before: ReadonlyMap<string, StoredStream>,
): Promise<ReadonlyMap<string, StoredStream>> {
  const posted = readPosted(body, 'a mapping of stream ids to configs')
  const lints: string[] = []
  const refused: RefusedAction[] = []
  const streams = new Map<string, StoredStream>()
  for (const { key: id } of posted.tree.entries) {
    const given = configOf(posted, [id])
    const config = secretsOf(id, given, before.get(id), refused)
    if (config === undefined) continue
    const linted = await lintStream({ ...posted, path: [id], config, shape: STREAM_SHAPE }, options)
    lints.push(...linted.lints.map((text) => `stream '${id}': ${text}`))
    if (linted.refusal !== undefined) refused.push(refusedFor(id, linted.refusal))
    streams.set(id, stored(id, config, linted.runs))
  }
  if (lints.length > 0) throw new LintError(lints)
  if (refused.length > 0) throw new SetRefused('Nothing of the set was changed.', refused)
  return streams
}

/** Undefined where a mask stands for nothing, which is refused with all else that is. */
function secretsOf(
  id: string,
  config: StreamConfig,
  before: StoredStream | undefined,
  refused: RefusedAction[],
): StreamConfig | undefined {
  try {
    return withStoredSecrets(config, before?.config)
  } catch (error) {
    refused.push(refusedFor(id, asHeadgateError(error)))
    return undefined
  }
}

async function judgeOne(
  id: string,
  posted: PostedStream,
  options: LintOptions,
): Promise<StoredStream> {
  const { lints, runs, refusal } = await lintStream(posted, options)
  if (lints.length > 0) throw new LintError(lints)
  if (refusal?.code === 'ApplyFailed')
    throw new SetRefused(refusal.message, [refusedFor(id, refusal)])
  if (refusal !== undefined) throw refusal
  return stored(id, posted.config, runs)
}

function refusedFor(id: string, refusal: HeadgateError): RefusedAction {
  const because = refusal.code === 'ApplyFailed' ? 'failed' : 'held'
  const { message, hint } = refusal
  return { identity: identityOfStream(id), verb: 'create', because, message, hint }
}

function stored(id: string, config: StreamConfig, runs: StreamConfig): StoredStream {
  const isSame = JSON.stringify(config) === JSON.stringify(runs)
  return isSame ? { id, config } : { id, config, runs }
}

/** Nothing stands for a config without fields. */
export function configOf({ source, tree }: PostedBody, path: Path): StreamConfig {
  const config = configAt(tree, path) ?? {}
  if (typeof config === 'object' && !Array.isArray(config)) return config as StreamConfig
  const { line, column } = source.place(placeOf(tree, path))
  throw new HeadgateError(
    'YamlSyntax',
    `line ${line} column ${column}: expected ${path.length === 0 ? 'a config' : 'a stream config'}, got ${kindOf(config)}`,
  )
}

function placeOf(tree: MapTree, [id]: Path): number {
  return tree.entries.find(({ key }) => key === id)?.keySpan.start ?? tree.span.start
}
