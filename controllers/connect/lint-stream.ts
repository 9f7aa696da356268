/**
 * Judges one posted stream on its own, at the places of the posted body: what the linter says, which a chilled post
 * does without, and what no post may do without.
 */
import { kinds } from '../../crds/kinds.ts'
import { HeadgateError } from '../../engine/error.ts'
import { referencesIn } from '../../engine/pipelines/environment-variables.ts'
import type { ConfigProblem, Need, PipelineInspection } from '../../engine/pipelines/pipeline.ts'
import { unknownLabelOf } from '../../engine/pipelines/unknown-label.ts'
import { type FilledNeed, filledInspection } from '../sets/filled-needs.ts'
import { type Authority, grantProblem } from '../sets/grants.ts'
import type { Problem } from '../sets/problem.ts'
import { ProblemList } from '../sets/problem-list.ts'
import type { SourceText } from '../sets/source-text.ts'
import { checkSchema } from '../sets/spec-check.ts'
import { type MapTree, type Path, plainValue } from '../sets/tree.ts'
import { lintText } from './lint-text.ts'
import { withDefaultsOfUngranted, withEmptyVariables } from './posted-variables.ts'
import { type StreamConfig, withEnds } from './stored-stream.ts'

export interface LintOptions {
  /** Lints are passed over. */
  readonly chilled: boolean
  readonly authority: Authority
  /** The value of a variable that the source was granted. */
  readonly env: (name: string) => string | undefined
  readonly inspect: (config: StreamConfig) => Promise<PipelineInspection>
}

export interface PostedStream {
  readonly source: SourceText
  readonly tree: MapTree
  /** Where the stream stands in the body: nowhere, or beneath its id. */
  readonly path: Path
  readonly config: StreamConfig
  readonly shape: PostedShape
}

/** How what was posted is judged: as a stream, or as a component that stands in one. */
export interface PostedShape {
  /** All that may stand at its top; undefined leaves that to the component. */
  readonly fields: readonly string[] | undefined
  readonly specOf: (config: StreamConfig) => StreamConfig
  /** Where it stands in that spec. */
  readonly prefix: Path
}

/** All that the API takes at the top of a stream. */
export const STREAM_SHAPE: PostedShape = {
  fields: ['input', 'buffer', 'pipeline', 'output'],
  specOf: withEnds,
  prefix: [],
}

export interface Linted {
  readonly lints: readonly string[]
  /** What runs: the config, but for what a chilled post leaves out of it. */
  readonly runs: StreamConfig
  /** What is wrong besides, which nobody may pass over: it may not be, or it cannot be built. */
  readonly refusal: HeadgateError | undefined
}

export async function lintStream(posted: PostedStream, options: LintOptions): Promise<Linted> {
  const { config, shape } = posted
  const lints = new ProblemList(posted.source, posted.tree)
  for (const key of Object.keys(config)) {
    if (shape.fields?.includes(key) !== false) continue
    addProblem(unknownField(key), posted, lints)
  }
  const known = withDefaultsOfUngranted(onlyFields(config, shape), options.authority)
  const judged = await judge(known, posted, options)
  for (const problem of judged.lints) lints.problems.push(problem)
  if (!options.chilled || lints.problems.length === 0)
    return { lints: textsOf(lints.problems), runs: known, refusal: judged.refusal }
  const left = withoutMistakes(known, judged.mistakes, options.env)
  const runs = withDefaultsOfUngranted(left, options.authority)
  const again = await judge(runs, posted, options, true)
  const [wrong] = again.lints
  return { lints: [], runs, refusal: again.refusal ?? (wrong && stillWrong(wrong)) }
}

function onlyFields(config: StreamConfig, { fields }: PostedShape): StreamConfig {
  if (fields === undefined) return config
  return Object.fromEntries(Object.entries(config).filter(([key]) => fields.includes(key)))
}

function unknownField(key: string): ConfigProblem {
  const message = `unknown field ${JSON.stringify(key)}`
  return {
    path: [key],
    at: 'key',
    severity: 'error',
    code: 'ComponentConfigInvalid',
    message,
  }
}

interface Judged {
  readonly lints: readonly Problem[]
  /** The problems of the config behind the lints. */
  readonly mistakes: readonly ConfigProblem[]
  readonly refusal: HeadgateError | undefined
}

async function judge(
  config: StreamConfig,
  posted: PostedStream,
  { authority, env, inspect }: LintOptions,
  passesLabels = false,
): Promise<Judged> {
  const { source, tree, path, shape } = posted
  const list = new ProblemList(source, tree)
  const whole = shape.specOf(config)
  const inspection = await inspect(whole)
  const errors = inspection.problems.filter(
    (problem) => problem.severity === 'error' || (!passesLabels && isAboutLabel(problem)),
  )
  const mistakes = errors.filter((problem) => !isUnknownLabel(problem))
  for (const problem of mistakes) addProblem(problem, posted, list)
  if (shape === STREAM_SHAPE)
    for (const problem of checkSchema(kinds.Pipeline.spec, whole, path)) list.add(problem)
  for (const need of inspection.needs) {
    if (need.kind === 'env') addMissing(need, posted, list, { whole, env, authority })
  }
  const filled = await filledInspection(whole, inspection, env, (config) =>
    inspect(config as StreamConfig),
  )
  const refusal = notGranted(filled.needs, authority) ?? notBuilt(errors)
  return { lints: onePerPlace(list.problems), mistakes: ownPaths(mistakes, shape), refusal }
}

/** From the posted config, which may be a part of the spec. */
function ownPaths(
  problems: readonly ConfigProblem[],
  { prefix }: PostedShape,
): readonly ConfigProblem[] {
  return problems.map((problem) => ({ ...problem, path: problem.path.slice(prefix.length) }))
}

function addProblem(
  { within, path, code, ...rest }: ConfigProblem,
  { path: at, shape }: PostedStream,
  list: ProblemList,
): void {
  const inText = within === undefined ? {} : { inText: within }
  const own = [...at, ...path.slice(shape.prefix.length)]
  list.add({ ...rest, code, layer: 'component', path: own, ...inText })
}

/** A variable that nobody set and that has no default; what is not granted is not set. */
function addMissing(
  { name, path: inSpec }: Need,
  { path, shape }: PostedStream,
  list: ProblemList,
  { whole, env, authority }: Pick<LintOptions, 'env' | 'authority'> & { whole: StreamConfig },
): void {
  const own = inSpec.slice(shape.prefix.length)
  const text = inSpec.reduce<unknown>((value, step) => childOf(value, step), whole)
  const references = typeof text === 'string' ? referencesIn(text) : []
  const isMissing = references.some(
    (reference) =>
      reference.name === name && reference.fallback === undefined && (env(name) ?? '') === '',
  )
  if (!isMissing) return
  const grant = grantProblem({ kind: 'env', name, path: own }, authority)
  list.add({
    layer: 'component',
    code: 'ComponentConfigInvalid',
    path: [...path, ...own],
    at: 'value',
    message: `required environment variables were not set: [${name}]`,
    ...(grant?.hint === undefined ? {} : { hint: `${grant.message}, ${grant.hint}` }),
  })
}

function childOf(value: unknown, step: string | number): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string | number, unknown>>)[step]
    : undefined
}

/** A label that is none, or is taken: elsewhere a warning, here it stops a post. */
function isAboutLabel({ path }: ConfigProblem): boolean {
  return path.at(-1) === 'label'
}

/** What the linter cannot know: a label may be posted later, and only building a stream tells. */
function isUnknownLabel({ message }: ConfigProblem): boolean {
  return unknownLabelOf(message) !== undefined
}

function notBuilt(errors: readonly ConfigProblem[]): HeadgateError | undefined {
  const unknown = errors.find(isUnknownLabel)
  return unknown && new HeadgateError('ApplyFailed', unknown.message, hintOf(unknown.hint))
}

/** Of the variables, those that have a value all the same only by a grant are judged where they are missing. */
function notGranted(needs: readonly FilledNeed[], authority: Authority): HeadgateError | undefined {
  for (const need of needs) {
    const problem = need.kind === 'env' ? undefined : grantProblem(need, authority)
    if (problem !== undefined)
      return new HeadgateError('GrantMissing', problem.message, hintOf(problem.hint))
  }
  return undefined
}

/** A mapping that does not parse fails where it is built; all else, where it is read. */
function stillWrong({ code, line, column, message, hint }: Problem): HeadgateError {
  const text = `line ${line} column ${column}: ${message}`
  return new HeadgateError(code === 'BloblangInvalid' ? 'ApplyFailed' : code, text, hintOf(hint))
}

function hintOf(hint: string | undefined): { readonly hint?: string } {
  return hint === undefined ? {} : { hint }
}

/** Without the fields that do not exist; variables that nobody set are empty. */
function withoutMistakes(
  config: StreamConfig,
  mistakes: readonly ConfigProblem[],
  env: LintOptions['env'],
): StreamConfig {
  const left = structuredClone(config) as Record<string, unknown>
  for (const { at, path, message } of mistakes) {
    if (!message.startsWith('unknown field ')) continue
    const holder = path.slice(0, -1).reduce<unknown>((value, step) => childOf(value, step), left)
    if (at === 'key' && typeof holder === 'object' && holder !== null)
      delete (holder as Record<string | number, unknown>)[path.at(-1) ?? '']
  }
  return withEmptyVariables(left, env)
}

function textsOf(problems: readonly Problem[]): readonly string[] {
  return [...problems]
    .sort((left, right) => left.line - right.line || left.column - right.column)
    .map((problem) => lintText(problem))
}

/** The schema of the kind and the components may notice the same: the components' word stands. */
function onePerPlace(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map<string, Problem>()
  for (const problem of problems) {
    const place = `${problem.line},${problem.column}`
    if (problem.layer !== 'schema' || !seen.has(place))
      seen.set(problem.layer === 'schema' ? place : `${place} ${problem.message}`, problem)
    if (!seen.has(place)) seen.set(place, problem)
  }
  return [...new Set(seen.values())]
}

/** The config that stands at a path of a body. */
export function configAt(tree: MapTree, path: Path): unknown {
  return path.reduce<unknown>((value, step) => childOf(value, step), plainValue(tree))
}
