/**
 * What one run of a mapping works on.
 *
 * Names are resolved when a mapping is compiled: every place that changes `this` has a slot of its own in the frame,
 * so entering and leaving a context costs one store, and an error on the way leaves nothing to restore.
 */
import type { BloblangEnvironment } from './environment.ts'
import type { MappingSource } from './mapping.ts'
import { MappingError } from './mapping-error.ts'
import { NOTHING, type Result } from './values/result.ts'
import type { Value } from './values/value.ts'

/** Maps that apply themselves stop here; each level costs several frames of the stack. */
export const APPLY_DEPTH_MAX = 200

/**
 * How many steps a message's run may take, so that no mapping holds up a process or fills its memory: a step is one
 * turn of a loop, one map applied, and each SIZE_PER_STEP characters that a call takes or gives, or a literal has.
 */
export const STEPS_MAX = 4_000_000
export const SIZE_PER_STEP = 64
/** An element of an array, or a field of an object that is written out, counts as so many characters. */
const ELEMENT_SIZE = 8

/** What an array or an object counts that is written out with so many parts. */
export function stepsOfLiteral(parts: number): number {
  return Math.floor((parts * ELEMENT_SIZE) / SIZE_PER_STEP)
}

function sizeOf(value: Result): number {
  if (typeof value === 'string') return value.length
  if (Array.isArray(value)) return value.length * ELEMENT_SIZE
  return value instanceof Uint8Array ? value.length : 0
}

/** One message's run, shared by the frames of the maps that it applies. */
export class Run {
  readonly environment: BloblangEnvironment
  readonly batch: readonly MappingSource[]
  /** The message that `this` is. */
  readonly input: MappingSource
  /** The message whose root and metadata are assigned: the same one, but for an overlay. */
  readonly own: MappingSource
  /** The message that functions look at; `from` moves it. */
  index: number
  /** All metadata as changed so far, or undefined while it is that of the message. */
  metadata: Map<string, Value> | undefined
  applyDepth = 0
  /** What is left of STEPS_MAX. */
  #stepsLeft: number

  constructor(
    environment: BloblangEnvironment,
    batch: readonly MappingSource[],
    index: number,
    onto?: MappingSource,
  ) {
    this.environment = environment
    this.#stepsLeft = environment.stepsMax ?? STEPS_MAX
    this.batch = batch
    this.index = index
    this.input = messageAt(batch, index)
    this.own = onto ?? this.input
  }

  /** Counts work that a mapping can repeat; straight code ends by itself. */
  step(count: number): void {
    this.#stepsLeft -= count
    if (this.#stepsLeft < 0) this.endSteps()
  }

  /** Throws when there were too many steps, even where `catch` kept that from the message. */
  endSteps(): void {
    if (this.#stepsLeft >= 0) return
    const most = this.environment.stepsMax ?? STEPS_MAX
    throw new MappingError(`expected a mapping of at most ${most} steps for a message`, true)
  }

  /** Counts what a call took and what it gave: the longer they are, the longer it ran and the more is kept. */
  charge(taken: Result, given: Result): void {
    const size = sizeOf(taken) + sizeOf(given)
    // What is shorter is not counted: the turn of the loop that it is made in is.
    if (size >= SIZE_PER_STEP) this.step(Math.floor(size / SIZE_PER_STEP))
  }

  get source(): MappingSource {
    return messageAt(this.batch, this.index)
  }

  writableMetadata(): Map<string, Value> {
    if (this.metadata === undefined) {
      this.metadata = new Map()
      for (const key of this.own.metadataKeys()) {
        this.metadata.set(key, this.own.metadata(key) ?? null)
      }
    }
    return this.metadata
  }
}

function messageAt(batch: readonly MappingSource[], index: number): MappingSource {
  const source = batch[index]
  if (source === undefined) {
    throw new MappingError(`expected a message index below ${batch.length}, got ${index}`)
  }
  return source
}

export class Frame {
  readonly run: Run
  /** The values of `this` at each depth within a query; the first one is the input of a map. */
  readonly contexts: Result[] = []
  readonly variables: (Value | undefined)[] = []
  /** The document being built. */
  root: Result = NOTHING
  /** True while root is the message's document, which is parsed when somebody looks. */
  rootIsPending = false
  /** True once anything was assigned to root or beneath it. */
  rootIsAssigned = false
  /** Containers that this run made and nobody else can see: they may be written in place. */
  #owned: Set<object> | undefined

  constructor(run: Run) {
    this.run = run
  }

  readRoot(): Result {
    if (this.rootIsPending) {
      this.root = this.run.own.document()
      this.rootIsPending = false
    }
    return this.root
  }

  /** The root for somebody who may keep what is in it: what follows must not change it under them. */
  shareRoot(): Result {
    this.share()
    return this.readRoot()
  }

  /** From here on somebody else may see what this run made. */
  share(): void {
    this.#owned?.clear()
  }

  own(container: object): void {
    this.#owned ??= new Set()
    this.#owned.add(container)
  }

  owns(container: object): boolean {
    return this.#owned?.has(container) === true
  }
}

export type Evaluate = (frame: Frame) => Result
/** Evaluates with `this` as the given value. */
export type EvaluateWith = (frame: Frame, context: Result) => Result
