/**
 * Judges a pipeline's config without building anything: every problem at once, the streams that it uses, what it needs
 * a grant for, and whether it is exactly-once.
 *
 * Pure but for loading the files of the components that it names. Whether an input or an output must be there is the
 * caller's rule: what is absent is not judged.
 */
import { filesNamed } from '../bloblang/files-named.ts'
import { bloblangProblems } from './bloblang-fields.ts'
import type { Role } from './component.ts'
import {
  type ComponentConfig,
  type ConfigPath,
  isRecord,
  kindOf,
  parseComponent,
  problem,
  suggestion,
} from './component-config.ts'
import { type DefinitionOf, loadComponent } from './component-registry.ts'
import { checkConfig, conformConfig } from './config-check.ts'
import { parseConnectDuration } from './connect-duration.ts'
import { referencesIn } from './environment-variables.ts'
import type { FieldKind } from './fields.ts'
import { type LintOptions, Lints } from './lints.ts'
import { outputSchema, partOutputConfig } from './output-fields.ts'
import type {
  ConfigProblem,
  ModuleUse,
  Need,
  PipelineInspection,
  SecretReference,
  StreamUse,
} from './pipeline.ts'
import type { SharedLabels } from './resource-labels.ts'
import { loopProblems, type ResourceUse } from './resource-uses.ts'
import { shardKeyKind } from './shard-key.ts'
import { type PipelineSpec, RESOURCE_LISTS, readSpec } from './spec.ts'
import { unknownLabelText } from './unknown-label.ts'
import { asksForWorkers, fitnessOf } from './workers/fitness.ts'

/** Deeper nesting of components is refused. */
export const COMPONENT_DEPTH_MAX = 32

export interface InspectOptions extends LintOptions {
  /** The labels of what pipelines share, besides those of the spec. */
  readonly shared?: SharedLabels
}

export async function inspectPipeline(
  spec: unknown,
  { shared, ...lints }: InspectOptions = {},
): Promise<PipelineInspection> {
  const parts = readSpec(spec)
  const inspector = new Inspector(parts, new Lints(lints), shared)
  inspector.problems.push(...parts.problems)
  if (parts.input !== undefined) await inspector.component('input', parts.input, ['input'])
  if (parts.buffer !== undefined && parts.buffer !== null) {
    await inspector.component('buffer', parts.buffer, ['buffer'])
  }
  inspector.shardBy(parts.shardBy)
  await inspector.list('processor', parts.processors, ['pipeline', 'processors'])
  if (parts.output !== undefined) await inspector.component('output', parts.output, ['output'])
  await inspector.shared(lints)
  inspector.deadLetters()
  inspector.variables(spec, [])
  const noWorkersBecause = await whyNoWorkers(parts)
  return {
    problems: inspector.problems,
    streams: inspector.streams,
    needs: inspector.needs,
    exclusives: inspector.exclusives,
    modules: inspector.modules,
    secrets: inspector.secrets,
    atLeastOnceBecause: inspector.atLeastOnceBecause,
    ...(noWorkersBecause === undefined ? {} : { noWorkersBecause }),
  }
}

async function whyNoWorkers({
  threads,
  processors,
  resources,
}: PipelineSpec): Promise<string | undefined> {
  if (!asksForWorkers(threads)) return undefined
  return (await fitnessOf(processors, resources)).unfitBecause
}

/** The roles of the components in a field that lists them. */
const LISTED_ROLES = { processors: 'processor', inputs: 'input', outputs: 'output' } as const

const SHARED_ROLES = ['cache', 'rate_limit'] as const

interface Nested {
  readonly role: Role
  readonly value: unknown
  readonly path: ConfigPath
}

class Inspector {
  readonly problems: ConfigProblem[] = []
  readonly streams: StreamUse[] = []
  readonly needs: Need[] = []
  readonly exclusives: string[] = []
  readonly modules: ModuleUse[] = []
  readonly secrets: SecretReference[] = []
  atLeastOnceBecause: string | undefined
  readonly #resources: ReadonlyMap<string, { value: unknown; path: ConfigPath }>
  readonly #uses: ResourceUse[] = []
  readonly #lints: Lints
  readonly #shared: SharedLabels | undefined

  readonly #strict: boolean
  /** Outputs that are given what failed, in a strict pipeline too. */
  readonly #takeFailed: ConfigPath[] = []
  readonly #deadLetters: StreamUse[] = []

  constructor({ resources, strict }: PipelineSpec, lints: Lints, labels: SharedLabels | undefined) {
    this.#resources = resources
    this.#shared = labels
    this.#strict = strict
    this.#lints = lints
  }

  async list(role: Role, values: readonly unknown[], path: ConfigPath, depth = 0): Promise<void> {
    for (const [index, value] of values.entries()) {
      await this.component(role, value, [...path, index], depth)
    }
  }

  async component(role: Role, value: unknown, path: ConfigPath, depth = 0): Promise<void> {
    if (depth > COMPONENT_DEPTH_MAX) {
      const message = `components are nested more than ${COMPONENT_DEPTH_MAX} deep`
      this.problems.push(problem({ path, at: 'value', message }))
      return
    }
    const parsed = parseComponent(role, value, path, this.#resources)
    if (!parsed.ok) {
      this.problems.push(...parsed.problems)
      return
    }
    const { component } = parsed
    if (isRecord(value)) this.#common(value, path)
    const definition = await loadComponent(role, component.name)
    if (definition === undefined) return
    if (component.name === 'resource') this.#sharedLabel(component)
    this.problems.push(...this.#lints.component(component, definition))
    this.#judgeCatch(component)
    const nested = await this.#own(component, definition)
    if (definition.role === 'output') {
      const takesFailed = definition.takesFailed ?? (() => false)
      const own = component.path.length + 1
      this.#takeFailed.push(
        ...nested.flatMap((one) => (takesFailed(one.path.slice(own)) ? [one.path] : [])),
      )
    }
    await this.list('processor', component.processors, [...component.path, 'processors'], depth + 1)
    for (const one of nested) await this.component(one.role, one.value, one.path, depth + 1)
  }

  shardBy(text: string | undefined): void {
    if (text === undefined || referencesIn(text).length > 0) return
    const path = ['pipeline', 'shard_by']
    this.problems.push(...bloblangProblems(shardKeyKind(text), text, path))
  }

  /** What failed passes it by, as it does all processors of a strict pipeline. */
  #judgeCatch({ role, name, path }: ComponentConfig): void {
    if (!this.#strict || role !== 'processor' || name !== 'catch') return
    const isWithin = (place: ConfigPath): boolean => place.every((step, at) => path[at] === step)
    if (this.#takeFailed.some(isWithin)) return
    const message = 'catch does nothing in a strict pipeline: what failed never comes to it'
    const hint = 'Use try_catch, or a fallback output for what is rejected.'
    const at = { path: [...path, name], at: 'key', severity: 'warning' } as const
    this.problems.push(problem({ ...at, message, hint }))
  }

  /** Caches and rate limits, whether or not anything names them. */
  async shared(lints: LintOptions): Promise<void> {
    for (const [key, { value, path }] of this.#resources) {
      const roles = lints.unused === true ? RESOURCE_LISTS : SHARED_ROLES
      const role = roles.find((one) => key.startsWith(`${one} `))
      if (role !== undefined) await this.component(role, value, path)
    }
    this.problems.push(...loopProblems(this.#uses))
  }

  /** Its own dead letters would fail again and again, as fast as they are read. */
  deadLetters(): void {
    for (const { stream, path } of this.#deadLetters) {
      if (!this.streams.some((use) => use.access === 'read' && use.stream === stream)) continue
      const message = `expected a stream that the pipeline does not read, got ${stream}`
      const hint = 'Declare a Stream for what failed, and name it here.'
      this.problems.push(problem({ path, at: 'value', message, hint }))
    }
  }

  /** Environment variables in any text of the spec. */
  variables(value: unknown, path: ConfigPath): void {
    if (typeof value === 'string') {
      for (const { name } of referencesIn(value)) this.needs.push({ kind: 'env', name, path })
      this.problems.push(...this.#lints.text(value, path))
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.variables(item, [...path, index])
    } else if (isRecord(value)) {
      for (const [key, item] of Object.entries(value)) this.variables(item, [...path, key])
    }
  }

  #common(value: Readonly<Record<string, unknown>>, path: ConfigPath): void {
    const { label, processors } = value
    if (label !== undefined && typeof label !== 'string') {
      const message = `expected text, got ${kindOf(label)}`
      this.problems.push(problem({ path: [...path, 'label'], at: 'value', message }))
    }
    if (processors !== undefined && processors !== null && !Array.isArray(processors)) {
      const message = `expected a list of processors, got ${kindOf(processors)}`
      this.problems.push(problem({ path: [...path, 'processors'], at: 'value', message }))
    }
  }

  /** Checks the component's own config; returns the components within it. */
  async #own(
    component: ComponentConfig,
    definition: DefinitionOf[Role],
  ): Promise<readonly Nested[]> {
    const path = [...component.path, component.name]
    const nested: Nested[] = []
    const before = this.problems.length
    const schema = definition.role === 'output' ? outputSchema(definition) : definition.config
    checkConfig(schema, component.config, path, {
      problem: (found) => this.problems.push(found),
      field: (kind, value, at) => nested.push(...this.#field(kind, value, at)),
    })
    this.#judgeDelivery(component, definition)
    // What a wrong config would need or use is not worth guessing.
    const wrong = this.problems.slice(before).some(({ severity }) => severity === 'error')
    if (!wrong) await this.#world(component, definition, path)
    return nested
  }

  #field(kind: FieldKind, value: unknown, path: ConfigPath): readonly Nested[] {
    if (kind === 'processors' || kind === 'inputs' || kind === 'outputs') {
      const role = LISTED_ROLES[kind]
      const values = Array.isArray(value) ? value : []
      return values.map((item, index) => ({ role, value: item, path: [...path, index] }))
    }
    if (kind === 'branch_labels') {
      const labels = Array.isArray(value) ? value : []
      return labels.map((label, index) => {
        return { role: 'processor', value: { resource: label }, path: [...path, index] }
      })
    }
    if (kind === 'output' || kind === 'input') return [{ role: kind, value, path }]
    if (kind === 'cache' || kind === 'rate_limit') {
      this.#resource(kind, String(value), path)
      return []
    }
    if (typeof value !== 'string') {
      if (kind === 'secret') this.#secret(value, path)
      return []
    }
    // What it will be is known when it is built; it is checked again then.
    if (kind === 'secret' || referencesIn(value).length > 0) return []
    if (kind === 'mapping')
      this.needs.push(...filesNamed(value).map((name): Need => ({ kind: 'file', name, path })))
    if (kind === 'duration') this.#duration(value, path)
    else this.problems.push(...bloblangProblems(kind, value, path))
    return []
  }

  /** What is not among the pipeline's own is shared, or not there at all. */
  #sharedLabel({ role, config, path }: ComponentConfig): void {
    if (typeof config !== 'string' || referencesIn(config).length > 0) return
    if (this.#shared?.has(role, config) === true) return
    this.#unknownLabel(role, config, [...path, 'resource'], this.#labelsOf(role))
  }

  #labelsOf(role: Role): readonly string[] {
    return [...this.#resources.keys()].flatMap((key) =>
      key.startsWith(`${role} `) ? [key.slice(role.length + 1)] : [],
    )
  }

  #unknownLabel(role: Role, label: string, path: ConfigPath, own: readonly string[]): void {
    const message = unknownLabelText(role, label)
    const hint = suggestion(label, [...own, ...(this.#shared?.of(role) ?? [])])
    this.problems.push(problem({ path, at: 'value', code: 'ComponentUnknown', message, ...hint }))
  }

  /** The label of a cache or rate limit; empty text is none, and its schema said whether there may be none. */
  #resource(role: 'cache' | 'rate_limit', label: string, path: ConfigPath): void {
    if (label === '' || referencesIn(label).length > 0) return
    const labels = this.#labelsOf(role)
    if (labels.includes(label)) {
      const [list, index] = path
      const from = list === `${role}_resources` ? labels[Number(index)] : undefined
      if (from !== undefined) this.#uses.push({ from, to: label, path })
      return
    }
    if (this.#shared?.has(role, label) !== true) this.#unknownLabel(role, label, path, labels)
  }

  #duration(text: string, path: ConfigPath): void {
    if (parseConnectDuration(text).kind !== 'invalid') return
    const message = `expected a duration such as 5s or 1m30s, got ${JSON.stringify(text)}`
    this.problems.push(problem({ path, at: 'value', message, expected: 'a duration', found: text }))
  }

  #secret(value: unknown, path: ConfigPath): void {
    const reference = secretReference(value)
    if (reference === undefined) {
      if (!isRecord(value)) return
      const message = 'expected text, fromEnv, fromFile or fromSecret'
      this.problems.push(problem({ path, at: 'value', message }))
      return
    }
    this.secrets.push(reference)
    if ('fromEnv' in reference) this.needs.push({ kind: 'env', name: reference.fromEnv, path })
  }

  async #world(
    component: ComponentConfig,
    definition: DefinitionOf[Role],
    path: ConfigPath,
  ): Promise<void> {
    const full = conformConfig(definition.config, component.config)
    const config = definition.role === 'output' ? partOutputConfig(definition, full).own : full
    for (const fault of (await definition.check?.(config)) ?? []) {
      this.problems.push(problem({ ...fault, path: [...path, ...fault.path], at: 'value' }))
    }
    for (const need of definition.needs?.(config) ?? []) {
      this.needs.push({ ...need, path: [...path, ...need.path] })
    }
    this.exclusives.push(...(definition.exclusive?.(config) ?? []))
    const modules = definition.role === 'processor' ? definition.modules?.(config) : undefined
    for (const use of modules ?? []) this.modules.push({ ...use, path: [...path, ...use.path] })
    if (component.role !== 'input' && component.role !== 'output') return
    const access = component.role === 'input' ? 'read' : 'write'
    for (const stream of definition.streams?.(config) ?? []) {
      const own = isRecord(component.config) ? component.config : {}
      const field = ['name', 'stream'].find((name) => name in own)
      const at = field === undefined ? path : [...path, field]
      if (component.name === 'dead_letter') this.#deadLetters.push({ stream, access, path: at })
      this.streams.push({ stream, access, path: at })
    }
  }

  #judgeDelivery({ name, config }: ComponentConfig, definition: DefinitionOf[Role]): void {
    let reason: string | undefined
    if (definition.role === 'input' && definition.atLeastOnceBecause !== undefined) {
      const full = conformConfig(definition.config, config)
      reason = isRecord(full) ? definition.atLeastOnceBecause(full) : undefined
    } else if (definition.role === 'input' && definition.transactional !== true) {
      reason = `the input ${name} does not resume at a committed position`
    } else if (definition.role === 'output' && definition.delivery === 'sends') {
      reason = `the output ${name} delivers outside of the log`
    } else if (definition.role === 'buffer' && !definition.keepsTransaction) {
      reason = `the buffer ${name} parts the transaction of the input from that of the output`
    }
    this.atLeastOnceBecause ??= reason
  }
}

/** Undefined for a literal, and for what is neither. */
function secretReference(value: unknown): SecretReference | undefined {
  if (!isRecord(value)) return undefined
  const { fromEnv, fromFile, fromSecret } = value
  if (typeof fromEnv === 'string') return { fromEnv }
  if (typeof fromFile === 'string') return { fromFile }
  if (!isRecord(fromSecret)) return undefined
  return { fromSecret: { name: String(fromSecret['name']), key: String(fromSecret['key']) } }
}
