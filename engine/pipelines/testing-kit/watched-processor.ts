/** A processor in a rehearsal: as it is or as the test says, and each failure is noted. */
import { realClock } from '../../ports/real-clock.ts'
import type { BuildContext } from '../build-context.ts'
import type { Processor, ProcessorDefinition } from '../component.ts'
import type { PipelineEnvironment } from '../pipeline.ts'
import type { Activity } from './activity.ts'
import type { ProcessorMock } from './mocks.ts'

/** They keep to the simulated clock; all others that wait do so for something real. */
const ON_THE_CLOCK: readonly string[] = ['sleep', 'rate_limit', 'benchmark']

export interface ProcessorWatch {
  readonly activity: Activity
  readonly note: (message: string) => void
}

export function watchedProcessor(
  definition: ProcessorDefinition,
  { activity, note }: ProcessorWatch,
): ProcessorDefinition {
  const isOnClock = ON_THE_CLOCK.includes(definition.name)
  return {
    ...definition,
    build: async (config, context) => {
      const { environment } = context
      let isAround = false
      const processor = await definition.build(config, {
        ...noting(context, note),
        environment: isOnClock ? environment : { ...environment, clock: threadClock(environment) },
        processors: (configs, at) => {
          isAround = true
          return context.processors(configs, at)
        },
      })
      // What is around others may wait for one of them, and that one for the clock.
      const wait = isAround || isOnClock ? <T>(done: T) => done : activity.during.bind(activity)
      return watched(processor, { activity, note }, wait)
    },
  }
}

export function mockedProcessor(
  definition: ProcessorDefinition,
  mock: ProcessorMock,
  { activity, note }: ProcessorWatch,
): ProcessorDefinition {
  return {
    ...definition,
    alone: true,
    build: (_, context) => {
      const { failure } = noting(context, note)
      const process: Processor['process'] = async (batch) => {
        const made = []
        for (const message of batch) {
          try {
            const answer = await mock(message)
            if (answer !== undefined) made.push(answer)
          } catch (thrown) {
            made.push(message.withFailure(failure(thrown)))
          }
        }
        return made.length === 0 ? [] : [made]
      }
      return watched({ process }, { activity, note }, activity.during.bind(activity))
    },
  }
}

function noting(context: BuildContext, note: (message: string) => void): BuildContext {
  const failure: BuildContext['failure'] = (thrown) => {
    const made = context.failure(thrown)
    note(made.text)
    return made
  }
  return { ...context, failure }
}

function watched(
  processor: Processor,
  { activity, note }: ProcessorWatch,
  wait: <T>(done: Promise<T>) => Promise<T>,
): Processor {
  // It flags the whole batch.
  const failed = (thrown: unknown): never => {
    note(thrown instanceof Error ? thrown.message : String(thrown))
    throw thrown
  }
  return {
    process: (batch, signal) => {
      activity.moved()
      try {
        const batches = processor.process(batch, signal)
        return batches instanceof Promise ? wait(batches).catch(failed) : batches
      } catch (thrown) {
        return failed(thrown)
      }
    },
    // A thread ends in real time: without this the clock would run on until whoever closes it gives up.
    close: async () => wait(Promise.resolve(processor.close?.())),
  }
}

/** Of a thread that runs foreign code: what it reads is simulated, and its deadline is real. */
function threadClock({ clock }: PipelineEnvironment): PipelineEnvironment['clock'] {
  return {
    wallUs: () => clock.wallUs(),
    monotonicMs: () => realClock.monotonicMs(),
    sleep: (ms, signal) => realClock.sleep(ms, signal),
    schedule: (ms, callback) => realClock.schedule(ms, callback),
  }
}
