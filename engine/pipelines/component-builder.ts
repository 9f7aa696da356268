/**
 * Builds components from a config that was inspected: nothing here reports problems, it throws on the first.
 *
 * It is also where the common fields turn into what wraps a component: a chain, a stage, a connection.
 */
import { hostname } from 'node:os'
import type { MappingFailure } from '../bloblang/mapping.ts'
import { HeadgateError } from '../error.ts'
import { admitPosted } from './admit-posted.ts'
import { isAlone } from './alone.ts'
import type { BatchPolicyConfig } from './batch-policy.ts'
import { batchingOf } from './batching.ts'
import {
  bloblangEnvironment,
  interpolationOf,
  mappingOf,
  overlayOf,
  queryOf,
} from './bloblang-fields.ts'
import type { BuildContext } from './build-context.ts'
import type { Cache } from './cache.ts'
import { Chain, type Step, type Strictness } from './chain.ts'
import type { Buffer, Input, Output, Role } from './component.ts'
import {
  type ComponentConfig,
  type ConfigPath,
  parseComponent,
  type Resources,
} from './component-config.ts'
import type { Counter } from './component-metrics.ts'
import { type DefinitionOf, loadComponent } from './component-registry.ts'
import { conformConfig } from './config-check.ts'
import { parseConnectDuration } from './connect-duration.ts'
import type { Health } from './health.ts'
import { meteredCache, meteredRateLimit } from './metered-resources.ts'
import { ProcessorMeter } from './meters.ts'
import type { SharedComponents } from './namespace-resources.ts'
import { NestedInput } from './nested-input.ts'
import { NestedOutput } from './nested-output.ts'
import { outputSchema, partOutputConfig } from './output-fields.ts'
import type { OutputStageOptions, StageEnvironment } from './output-stage.ts'
import type { PipelineEnvironment } from './pipeline.ts'
import type { Place } from './place.ts'
import { Positions } from './positions.ts'
import type { RateLimit } from './rate-limit.ts'
import type { ResourceRole } from './resource-labels.ts'
import { SharedResources } from './shared-resources.ts'
import type { Closable } from './shared-slot.ts'
import { Taps } from './taps.ts'
import { ComponentSpans } from './tracing/component-spans.ts'
import { outgoingTrace } from './tracing/message-trace.ts'
import { traceHeadersOf } from './tracing/trace-headers.ts'
import { TracedOutput } from './tracing/traced-output.ts'
import { TracedProcessor } from './tracing/traced-processor.ts'

export interface BuiltInput {
  readonly input: Input
  readonly nack: 'replay' | 'source'
  /** Whether what was not committed is read again after a restart. */
  readonly transactional: boolean
  readonly processors: Chain
  readonly place: Place
}

export interface BuiltBuffer {
  readonly buffer: Buffer
  readonly place: Place
  /** Whether what is put in is settled only once it was delivered. */
  readonly keepsTransaction: boolean
}

const SHARED_POSITION =
  'expected an input that keeps no position, for pipelines that share it read in turn'

export class ComponentBuilder {
  readonly #environment: PipelineEnvironment
  readonly #health: Health
  readonly #resources: Resources
  readonly #signal: AbortSignal
  readonly #strict: boolean
  /** What was made of `cache_resources` and `rate_limit_resources`. */
  readonly shared: SharedResources = new SharedResources()
  readonly taps: Taps

  constructor(
    environment: PipelineEnvironment,
    options: {
      readonly health: Health
      readonly resources: Resources
      readonly signal: AbortSignal
      /** Whether what failed at a processor is not to be delivered. */
      readonly strict?: boolean
    },
  ) {
    this.#environment = environment
    this.#health = options.health
    this.#resources = options.resources
    this.#signal = options.signal
    this.#strict = options.strict === true
    const { clock, random } = environment
    const mask = (text: string): string => options.health.mask.text(text)
    this.taps = new Taps({ clock, random, mask })
  }

  async input(value: unknown, path: ConfigPath): Promise<BuiltInput> {
    const { component, definition, config } = await this.#load('input', value, path)
    const context = this.#context(component)
    const place = this.#place(component, definition.atLeastOnceBecause === undefined)
    return {
      input: (await definition.build(config as never, context)) as Input,
      nack: definition.nack,
      transactional: definition.transactional === true,
      processors: await this.chain(component.processors, [...component.path, 'processors']),
      place,
    }
  }

  /** Undefined for a buffer that is none. */
  async buffer(value: unknown, path: ConfigPath): Promise<BuiltBuffer | undefined> {
    const { component, definition, config } = await this.#load('buffer', value, path)
    const buffer = await definition.build(config as never, this.#context(component))
    if (buffer === undefined) return undefined
    const { keepsTransaction } = definition
    return { buffer, place: this.#place(component, false), keepsTransaction }
  }

  async chain(
    values: readonly unknown[],
    path: ConfigPath,
    strictness: Strictness = this.#strict ? 'strict' : 'lenient',
  ): Promise<Chain> {
    const strict = strictness !== 'lenient'
    const steps: Step[] = []
    for (const [index, value] of values.entries()) {
      const { component, definition, config } = await this.#load('processor', value, [
        ...path,
        index,
      ])
      const context = this.#context(component, strict)
      const tap = this.taps.point(component)
      const built = await definition.build(config as never, context)
      const spans = this.#spans(component, component.name, config)
      const processor = spans === undefined ? built : new TracedProcessor(built, spans)
      const meter = new ProcessorMeter(context.metrics, this.#environment.clock)
      const alone = isAlone(definition, config as never)
      const failure = (thrown: unknown): MappingFailure => context.failure(thrown)
      steps.push({ processor, failure, meter, alone, tap })
    }
    return new Chain(steps, strictness)
  }

  async output(
    value: unknown,
    path: ConfigPath,
    strict: boolean = this.#strict,
  ): Promise<OutputStageOptions> {
    const { component, definition, config } = await this.#load('output', value, path)
    const { own, maxInFlight, batching } = partOutputConfig(definition, config)
    const takesFailed = definition.takesFailed ?? (() => false)
    const context = this.#context(component, strict, (at) => strict && !takesFailed(at))
    const place = this.#place(component, definition.delivery !== 'wraps')
    const processors = await this.chain(
      component.processors,
      [...component.path, 'processors'],
      strict ? 'strict' : 'lenient',
    )
    const policy = await batchingOf(
      batching as BatchPolicyConfig | undefined,
      ['batching'],
      context,
    )
    const built = await definition.build(own as never, context)
    const isOuter = definition.delivery === 'wraps'
    const spans = isOuter ? undefined : this.#spans(component, `output_${component.name}`, own)
    return {
      output: spans === undefined ? built : new TracedOutput(built, spans),
      place,
      processors: processors.steps.length === 0 ? undefined : processors,
      batching: policy,
      maxInFlight,
      // Before anything repeats what can never be delivered; but what is given it on purpose has to see it.
      strict: strict && definition.takesFailed === undefined,
      alone: policy === undefined && processors.alone && isAlone(definition, own as never),
    }
  }

  /** What pipelines share by its label; whoever asked closes it. */
  async resource(role: ResourceRole, given: unknown, label: string): Promise<Closable> {
    const value = typeof given === 'object' && given !== null ? { ...given, label } : given
    const path = [`${role}_resources`]
    if (role === 'processor') return this.chain([value], path)
    if (role === 'input') {
      const built = await this.input(value, path)
      if (!built.transactional) return new NestedInput(built, this.#stageEnvironment())
      throw new HeadgateError('ComponentConfigInvalid', SHARED_POSITION, {
        hint: 'Name the input in the pipeline itself.',
      })
    }
    if (role === 'output') return this.#nestedOutput(value, path, this.#strict)
    const { component, definition, config } = await this.#load(role, value, path)
    const context = this.#context(component)
    const built = await definition.build(config as never, context)
    if (role === 'rate_limit') return meteredRateLimit(built as RateLimit, context.metrics)
    return meteredCache(built as Cache, context.metrics, this.#environment.clock)
  }

  /** Those of the pipeline's own lists come first. */
  #sharedBesides(role: 'cache' | 'rate_limit', label: string): SharedComponents | undefined {
    const { shared } = this.#environment
    return !this.#resources.has(`${role} ${label}`) && shared?.has(role, label) === true
      ? shared
      : undefined
  }

  #cache(label: string): Promise<Cache> {
    return this.shared.get(`cache ${label}`, async () => {
      const elsewhere = this.#sharedBesides('cache', label)
      if (elsewhere !== undefined) return elsewhere.cache(label)
      const { component, definition, config } = await this.#load('cache', { resource: label }, [])
      const context = this.#context(component)
      const cache = (await definition.build(config as never, context)) as Cache
      return meteredCache(cache, context.metrics, this.#environment.clock)
    })
  }

  #rateLimit(label: string): Promise<RateLimit> {
    return this.shared.get(`rate_limit ${label}`, async () => {
      const elsewhere = this.#sharedBesides('rate_limit', label)
      if (elsewhere !== undefined) return elsewhere.rateLimit(label)
      const { component, definition, config } = await this.#load(
        'rate_limit',
        { resource: label },
        [],
      )
      const context = this.#context(component)
      const limit = (await definition.build(config as never, context)) as RateLimit
      return meteredRateLimit(limit, context.metrics)
    })
  }

  async #nestedInput(value: unknown, path: ConfigPath): Promise<Input> {
    return new NestedInput(await this.input(value, path), this.#stageEnvironment())
  }

  async #nestedOutput(value: unknown, path: ConfigPath, strict: boolean): Promise<Output> {
    return new NestedOutput(await this.output(value, path, strict), this.#stageEnvironment())
  }

  #stageEnvironment(): StageEnvironment {
    const { clock } = this.#environment
    return { clock, health: this.#health, signal: this.#signal }
  }

  async #load<R extends Role>(
    role: R,
    value: unknown,
    path: ConfigPath,
  ): Promise<{ component: ComponentConfig; definition: DefinitionOf[R]; config: unknown }> {
    const parsed = parseComponent(role, value, path, this.#resources)
    if (!parsed.ok) {
      const [first] = parsed.problems
      throw new HeadgateError(first?.code ?? 'ComponentConfigInvalid', first?.message ?? 'invalid')
    }
    const { component } = parsed
    const found = await loadComponent(role, component.name)
    if (found === undefined) {
      throw new HeadgateError('ComponentUnknown', `there is no ${role} named ${component.name}`)
    }
    const definition = this.#environment.standIn?.(role, component, found) ?? found
    const known: DefinitionOf[Role] = definition
    const schema = known.role === 'output' ? outputSchema(known) : known.config
    return { component, definition, config: conformConfig(schema, component.config) }
  }

  #place(component: ComponentConfig, connects: boolean): Place {
    const { role, name, label, path } = component
    const at = ['root', ...path].join('.')
    const own = label === '' ? at : label
    const where = path.length === 1 ? '' : ` (${own})`
    const metrics = this.#health.metrics.of({ label, path: at })
    const tap = this.taps.point(component)
    return { name: `${role} ${name}${where}`, label, path: at, connects, metrics, tap }
  }

  /** Undefined where nobody traces. */
  #spans(component: ComponentConfig, name: string, config: unknown): ComponentSpans | undefined {
    if (this.#environment.tracing === undefined) return undefined
    const path = ['root', ...component.path].join('.')
    const mask = (text: string): string => this.#health.mask.text(text)
    return new ComponentSpans({ ...component, path, config }, name, mask)
  }

  /** `strict`: of the processors in the component; `strictAt`: of the outputs in it. */
  #context(
    component: ComponentConfig,
    strict: boolean = this.#strict,
    strictAt: (at: ConfigPath) => boolean = () => strict,
  ): BuildContext {
    const bloblang = bloblangEnvironment(this.#environment, hostname())
    const path = ['root', ...component.path].join('.')
    const own = [...component.path, component.name]
    const health = this.#health
    const metrics = health.metrics.of({ label: component.label, path })
    let errors: Counter | undefined
    return {
      environment: this.#environment,
      label: component.label,
      path,
      metrics,
      mapping: (text) => mappingOf(text, bloblang),
      overlay: (text) => overlayOf(text, bloblang),
      query: (text) => queryOf(text, bloblang),
      interpolation: (text) => interpolationOf(text, bloblang),
      durationMs: durationOf,
      trace: this.#environment.tracing === undefined ? traceHeadersOf : outgoingTrace(path),
      processorConfig: async (label) => {
        const found = await this.#load('processor', { resource: label }, [])
        return { name: found.component.name, config: found.config }
      },
      crash: (error) => health.crash(error),
      report: (trouble) => {
        const where = `${component.role} ${component.label === '' ? component.name : component.label}`
        health.show(where, trouble)
      },
      failure: (thrown): MappingFailure => {
        health.counters.processorErrors += 1
        errors ??= metrics.counter('processor_error')
        errors.add(1)
        const text = thrown instanceof Error ? thrown.message : String(thrown)
        const { name: sourceName, label: sourceLabel } = component
        return { text, sourceName, sourceLabel, sourcePath: path }
      },
      processors: (configs, at) =>
        this.chain(configs, [...own, ...at], strict ? 'within' : 'lenient'),
      output: (config, at) => this.#nestedOutput(config, [...own, ...at], strictAt(at)),
      input: (config, at) => this.#nestedInput(config, [...own, ...at]),
      admit: (role, config) => {
        const { shared } = this.#environment
        return admitPosted(role, config, this.#resources, shared?.labels)
      },
      positions: () =>
        new Positions({ ...this.#stageEnvironment(), log: this.#environment.engine.log }),
      cache: (label) => this.#cache(label),
      rateLimit: (label) => this.#rateLimit(label),
    }
  }
}

function durationOf(text: string): number | undefined {
  const duration = parseConnectDuration(text)
  if (duration.kind === 'duration') return duration.ms
  if (duration.kind === 'none') return undefined
  throw new HeadgateError('ComponentConfigInvalid', `expected a duration such as 5s, got ${text}`)
}
