/**
 * Looks at the records of what runs under a name, whichever pipeline that is: when it is replaced, the look goes on at
 * the same label or path of the next one, with what is left of its limit.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { asHeadgateError, HeadgateError } from '../../engine/error.ts'
import type { Pipeline } from '../../engine/pipelines/pipeline.ts'
import type { TapListener } from '../../engine/pipelines/tap.ts'
import type {
  PipelineTapEnd,
  PipelineTapListener,
  PipelineTaps,
  TapRequest,
} from '../pipeline-taps.ts'
import type { PipelineRunner, RunState } from '../reconcilers/pipeline-runner.ts'
import { notThere } from './not-there.ts'
import type { Running } from './running.ts'

export function pipelineTapsOf(running: Running): PipelineTaps {
  const { runner } = running.reconcilers
  return {
    places: (identity) => runningPipeline(identity, running).tapPlaces(),
    tap: (identity, request, listener) => {
      const tap = new FollowingTap(identity, request, listener, runner)
      tap.begin(runningPipeline(identity, running))
      return tap
    },
  }
}

function runningPipeline(identity: Identity, running: Running): Pipeline {
  const { catalog, reconcilers } = running
  const key = identityKey(identity)
  const name = identityText(identity)
  const pipeline = reconcilers.runner.pipeline(key)
  const phase = pipeline?.state().phase
  if (pipeline !== undefined && phase === 'running') return pipeline
  if (catalog.entries.get(key) === undefined) throw notThere(identity, running)
  const state = reconcilers.runner.state(key)
  if (state?.active === false) throw new HeadgateError('Conflict', `${name} is paused.`)
  if (state?.completed === true)
    throw new HeadgateError('Conflict', `${name} has ended, as its input has.`)
  const why = pipeline?.state().message
  throw new HeadgateError('Conflict', `${name} does not run${why === undefined ? '' : `: ${why}`}.`)
}

class FollowingTap implements Disposable {
  readonly #identity: Identity
  readonly #request: TapRequest
  readonly #listener: PipelineTapListener
  readonly #runner: PipelineRunner
  readonly #watching: Disposable
  /** The one that is or was looked at. */
  #pipeline: Pipeline | undefined
  #tap: Disposable | undefined
  #left: number

  constructor(
    identity: Identity,
    request: TapRequest,
    listener: PipelineTapListener,
    runner: PipelineRunner,
  ) {
    this.#identity = identity
    this.#request = request
    this.#listener = listener
    this.#runner = runner
    this.#left = request.limit
    const key = identityKey(identity)
    this.#watching = runner.watch((changed) => {
      if (changed === key && this.#tap === undefined) this.#follow(key)
    })
  }

  /** Throws what `Pipeline.tap` does. */
  begin(pipeline: Pipeline): void {
    try {
      this.#attach(pipeline)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]()
    this.#tap?.[Symbol.dispose]()
  }

  #attach(pipeline: Pipeline): void {
    const { at, ...options } = this.#request
    const listener: TapListener = {
      seen: (record) => this.#listener.seen(record),
      ended: (why, left) => {
        this.#left = left
        this.#tap = undefined
        if (why === 'limit') this.#end({ reason: 'limit', message: 'The limit is reached.' })
      },
    }
    this.#pipeline = pipeline
    this.#tap = pipeline.tap(at, { ...options, limit: this.#left }, listener)
  }

  /** It was closed; whatever comes next is looked at, unless nothing comes. */
  #follow(key: string): void {
    const state = this.#runner.state(key)
    const pipeline = this.#runner.pipeline(key)
    const over = overBecause(state)
    if (over !== undefined) this.#end(endOf(this.#identity, over))
    else if (pipeline !== undefined && pipeline !== this.#pipeline) this.#attachNext(pipeline)
  }

  #attachNext(pipeline: Pipeline): void {
    if (pipeline.state().phase !== 'running') return
    this.#listener.restarted()
    try {
      this.#attach(pipeline)
    } catch (error) {
      const { message } = asHeadgateError(error)
      this.#end({ reason: 'changed', message: `It was changed: ${message}.` })
    }
  }

  #end(end: PipelineTapEnd): void {
    this[Symbol.dispose]()
    this.#listener.ended(end)
  }
}

const ENDS = {
  removed: 'runs no more',
  completed: 'has ended, as its input has',
  paused: 'is paused',
} as const

function overBecause(state: RunState | undefined): keyof typeof ENDS | undefined {
  if (state === undefined) return 'removed'
  if (state.completed) return 'completed'
  return state.active ? undefined : 'paused'
}

function endOf(identity: Identity, reason: keyof typeof ENDS): PipelineTapEnd {
  return { reason, message: `${identityText(identity)} ${ENDS[reason]}.` }
}
