/**
 * Decides what of a pipeline runs as it is when it is rehearsed, and what stands in for the rest: nothing reaches the
 * network, a disk or another process.
 *
 * - An input that reads from somewhere gives what the test has for it.
 * - An output that delivers somewhere remembers what it was given, and may fail as the test says. A `stream` output is
 *   real: the log is in memory.
 * - A processor that reaches out is refused by name, unless the test mocks it. All others are real.
 */
import { HeadgateError } from '../../error.ts'
import type { Clock } from '../../ports/clock.ts'
import { nearest } from '../../suggest.ts'
import type { InputDefinition, OutputDefinition, ProcessorDefinition, Role } from '../component.ts'
import type { ComponentConfig } from '../component-config.ts'
import type { DefinitionOf } from '../component-registry.ts'
import type { Batch } from '../message.ts'
import type { StreamTarget } from '../pipeline.ts'
import type { StandIn } from '../stand-in.ts'
import type { Activity } from './activity.ts'
import { GivenInput } from './given-input.ts'
import { messagesOfStream } from './messages-of-stream.ts'
import type { Mocks, RehearsedFailure, RehearsedOutput } from './mocks.ts'
import { RememberingOutput } from './remembering-output.ts'
import { mockedProcessor, watchedProcessor } from './watched-processor.ts'

/** Without effects, but they have no end, or wait for another pipeline. */
const INPUTS_WITHOUT_END: readonly string[] = ['generate', 'inproc']
/** Their effects stay within: the logger is the test's own, and a module of the user's is what the test is about. */
const EFFECTS_WITHIN: readonly string[] = ['log', 'typescript']
const NO_EFFECTS = 'none'

export interface StandInOptions {
  readonly mocks: Mocks
  readonly activity: Activity
  readonly clock: Clock
  /** Of typed streams, by name. */
  readonly checks: Readonly<Record<string, StreamTarget['check']>>
}

export class StandIns {
  readonly inputs: GivenInput[] = []
  readonly outputs: RehearsedOutput[] = []
  readonly failures: RehearsedFailure[] = []
  readonly #options: StandInOptions
  readonly #mocks: Mocks
  readonly #activity: Activity
  readonly #used = new Set<string>()
  /** Of all components that something may stand in for. */
  readonly #names: string[] = []
  /** Of the first input that records were given to. */
  #fed: string | undefined

  constructor(options: StandInOptions) {
    this.#options = options
    this.#mocks = options.mocks
    this.#activity = options.activity
  }

  readonly standIn: StandIn = (_, component, definition) =>
    this.#definition(component, definition) as typeof definition | undefined

  /** Throws for what the test has for a component that there is not. */
  requireUsed(): void {
    const { inputs, outputs, processors } = this.#mocks
    const byName = inputs instanceof Map ? [inputs] : []
    const given = [...byName, outputs, processors].flatMap((mocks) => [...(mocks?.keys() ?? [])])
    const stray = given.find((key) => !this.#used.has(String(key)))
    if (stray === undefined) return
    const near = nearest(String(stray), this.#names)
    const [first = '/output'] = this.#names
    throw new HeadgateError(
      'Usage',
      `there is no component ${stray} that a test can stand in for`,
      {
        hint:
          near === undefined
            ? `Name a label or a place, such as ${first}.`
            : `Did you mean ${near}?`,
      },
    )
  }

  #definition(component: ComponentConfig, definition: DefinitionOf[Role]): unknown {
    this.#names.push(...namesOf(component))
    switch (definition.role) {
      case 'input':
        return this.#input(component, definition)
      case 'output':
        return this.#output(component, definition)
      case 'processor':
        return this.#processor(component, definition)
      case 'buffer':
        if (definition.effects !== NO_EFFECTS) throw refusal(component, '{none: {}}')
        return undefined
      case 'cache':
        if (definition.effects !== NO_EFFECTS) throw refusal(component, '{memory: {}}')
        return undefined
      default:
        return undefined
    }
  }

  #input(component: ComponentConfig, definition: InputDefinition): InputDefinition | undefined {
    const { name, config } = component
    const streams = definition.streams?.(config as never) ?? []
    this.#names.push(...streams)
    const names = [...namesOf(component), ...streams]
    const isReal = definition.effects === NO_EFFECTS && !INPUTS_WITHOUT_END.includes(name)
    const batches = isReal ? undefined : this.#batchesOf(names)
    const ends = name === 'generate' && Number((config as { count?: unknown }).count) > 0
    if (batches === undefined && (isReal || ends)) return undefined
    const input = new GivenInput(this.#asRead(batches ?? [], streams), this.#activity)
    this.inputs.push(input)
    const { transactional: _, ...rest } = definition
    return { ...rest, nack: 'source', build: () => input }
  }

  #asRead(batches: readonly Batch[], [stream]: readonly string[]): readonly Batch[] {
    if (stream === undefined) return batches
    const { clock, checks } = this.#options
    return messagesOfStream(batches, { stream, check: checks[stream], arrivalUs: clock.wallUs() })
  }

  /** A list is for the only input: with a second one it is not clear whose it is. */
  #batchesOf(names: readonly string[]): readonly Batch[] | undefined {
    const { inputs } = this.#mocks
    if (inputs instanceof Map) {
      const key = names.find((name) => inputs.has(name))
      if (key !== undefined) this.#used.add(key)
      return key === undefined ? undefined : inputs.get(key)
    }
    const list = inputs as readonly Batch[]
    if (list.length === 0) return undefined
    const [name = ''] = names
    if (this.#fed === undefined) {
      this.#fed = name
      return list
    }
    const message = `expected the records of each input by its name, got one list for ${this.#fed} and ${name}`
    throw new HeadgateError('Usage', message, {
      hint: 'Give them by the label, the place or the stream of each input.',
    })
  }

  #output(component: ComponentConfig, definition: OutputDefinition): OutputDefinition | undefined {
    const mock = this.#mockOf(this.#mocks.outputs, component)
    const isWithin = definition.delivery === 'wraps' || component.name === 'reject'
    if (isWithin && mock === undefined) return undefined
    const { name, label } = component
    const batches: Batch[] = []
    const isStream = name === 'stream' && mock === undefined
    const [stream] = isStream ? (definition.streams?.(component.config as never) ?? []) : []
    this.outputs.push({ label, pointer: pointerOf(component), name, stream, batches })
    if (isStream) return undefined
    const output = new RememberingOutput(batches, this.#activity, mock)
    // One write after the other, so that what is remembered has an order.
    const { maxInFlight: _, writesAtOnce: __, takesFailed: ___, ...rest } = definition
    return { ...rest, delivery: 'sends', build: () => output }
  }

  #processor(component: ComponentConfig, definition: ProcessorDefinition): ProcessorDefinition {
    const { name, label } = component
    const pointer = pointerOf(component)
    const watch = {
      activity: this.#activity,
      note: (message: string) =>
        void this.failures.push({ component: name, label, pointer, message }),
    }
    const mock = this.#mockOf(this.#mocks.processors, component)
    if (mock !== undefined) return mockedProcessor(definition, mock, watch)
    if (definition.effects !== NO_EFFECTS && !EFFECTS_WITHIN.includes(name)) {
      throw refusal(component, '{mapping: …}')
    }
    return watchedProcessor(definition, watch)
  }

  #mockOf<Mock>(
    mocks: ReadonlyMap<string, Mock> | undefined,
    component: ComponentConfig,
  ): Mock | undefined {
    const key = namesOf(component).find((name) => mocks?.has(name))
    if (key === undefined) return undefined
    this.#used.add(key)
    return mocks?.get(key)
  }
}

function namesOf(component: ComponentConfig): readonly string[] {
  const pointer = pointerOf(component)
  return component.label === '' ? [pointer] : [component.label, pointer]
}

function pointerOf({ path }: ComponentConfig): string {
  const steps = path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'))
  return `/${steps.join('/')}`
}

function refusal(component: ComponentConfig, instead: string): HeadgateError {
  const [name] = namesOf(component)
  const what = `the ${component.role} ${component.name} at ${pointerOf(component)}`
  return new HeadgateError('Usage', `${what} would reach out of the test`, {
    hint: `Mock it: mocks: {${name}: ${instead}}.`,
  })
}
