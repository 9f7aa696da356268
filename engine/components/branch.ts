/** What `branch` does, and `workflow` with each of its branches. */
import type { Mapping, MappingFailure, Overlay } from '../bloblang/mapping.ts'
import { HeadgateError } from '../error.ts'
import type { BuildContext, ProcessorChain } from '../pipelines/build-context.ts'
import type { Batch, Message } from '../pipelines/message.ts'
import { whenReady } from './in-turn.ts'

export interface BranchConfig {
  readonly request_map: string
  readonly processors: readonly unknown[]
  readonly result_map: string
}

/** What became of one message; undefined is one that the result map filtered. */
export interface BranchResult {
  readonly message: Message | undefined
  readonly outcome: 'succeeded' | 'skipped' | 'failed'
}

export async function branchOf(
  config: BranchConfig,
  at: readonly (string | number)[],
  context: BuildContext,
): Promise<Branch> {
  const given = (text: string): boolean => text.trim() !== ''
  return new Branch({
    request: given(config.request_map) ? context.mapping(config.request_map) : undefined,
    chain: await context.processors(config.processors, [...at, 'processors']),
    result: given(config.result_map) ? context.overlay(config.result_map) : undefined,
    failure: (thrown) => context.failure(thrown),
  })
}

interface BranchParts {
  /** Undefined copies the message. */
  readonly request: Mapping | undefined
  readonly chain: ProcessorChain
  /** Undefined takes nothing over. */
  readonly result: Overlay | undefined
  readonly failure: (thrown: unknown) => MappingFailure
}

class Branch {
  readonly #parts: BranchParts

  constructor(parts: BranchParts) {
    this.#parts = parts
  }

  /** One result for each message, in the order of the batch. */
  run(
    batch: Batch,
    signal: AbortSignal,
  ): readonly BranchResult[] | Promise<readonly BranchResult[]> {
    const results: BranchResult[] = batch.map((message) => ({ message, outcome: 'skipped' }))
    const places: number[] = []
    const requests: Message[] = []
    for (let index = 0; index < batch.length; index++) {
      try {
        const request = this.#request(batch, index)
        if (request === undefined) continue
        places.push(index)
        requests.push(request)
      } catch (thrown) {
        results[index] = this.#failed(batch[index] as Message, thrown)
      }
    }
    if (requests.length === 0) return results
    return whenReady(this.#parts.chain.run(requests, signal), (batches) => {
      const answers = batches.flat()
      for (const [at, place] of places.entries()) {
        results[place] = this.#answered(batch[place] as Message, answers, at, requests.length)
      }
      return results
    })
  }

  close(): Promise<void> {
    return this.#parts.chain.close()
  }

  /** What failed before the branch is not known within it: its own failures are told apart that way. */
  #request(batch: Batch, index: number): Message | undefined {
    const message = batch[index] as Message
    const { request } = this.#parts
    const made = request === undefined ? message : message.withResult(request.map(batch, index))
    return made?.failure() === undefined ? made : made.withFailure(undefined)
  }

  #answered(message: Message, answers: Batch, at: number, expected: number): BranchResult {
    if (answers.length !== expected) {
      const text = `expected as many messages from the branch as went into it, ${expected}, got ${answers.length}`
      return this.#failed(message, new HeadgateError('MappingFailed', text))
    }
    const answer = answers[at] as Message
    const failure = answer.failure()
    if (failure !== undefined) {
      return { message: message.withFailure(failure), outcome: 'failed' }
    }
    const { result } = this.#parts
    if (result === undefined) return { message, outcome: 'succeeded' }
    try {
      const mapped = message.withResult(result.onto(answers, at, message))
      return { message: mapped, outcome: 'succeeded' }
    } catch (thrown) {
      return this.#failed(message, thrown)
    }
  }

  #failed(message: Message, thrown: unknown): BranchResult {
    return { message: message.withFailure(this.#parts.failure(thrown)), outcome: 'failed' }
  }
}
