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

/** What came back of one request. */
export type BranchAnswer =
  | { readonly kind: 'skipped' }
  | { readonly kind: 'failed'; readonly failure: MappingFailure }
  | { readonly kind: 'answered'; readonly answers: Batch; readonly at: number }

const SKIPPED: BranchAnswer = { kind: 'skipped' }

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

export class Branch {
  readonly #parts: BranchParts

  constructor(parts: BranchParts) {
    this.#parts = parts
  }

  /** One result for each message, in the order of the batch. */
  run(
    batch: Batch,
    signal: AbortSignal,
  ): readonly BranchResult[] | Promise<readonly BranchResult[]> {
    return whenReady(this.ask(batch, signal), (answers) =>
      batch.map((message, index) => this.take(message, answers[index] ?? SKIPPED)),
    )
  }

  /** What the processors answer to the request made of each message, in the order of the batch. */
  ask(
    batch: Batch,
    signal: AbortSignal,
  ): readonly BranchAnswer[] | Promise<readonly BranchAnswer[]> {
    const answers: BranchAnswer[] = batch.map(() => SKIPPED)
    const places: number[] = []
    const requests: Message[] = []
    for (let index = 0; index < batch.length; index++) {
      try {
        const request = this.#request(batch, index)
        if (request === undefined) continue
        places.push(index)
        requests.push(request)
      } catch (thrown) {
        answers[index] = { kind: 'failed', failure: this.#parts.failure(thrown) }
      }
    }
    if (requests.length === 0) return answers
    return whenReady(this.#parts.chain.run(requests, signal), (batches) => {
      const made = batches.flat()
      for (const [at, place] of places.entries()) {
        answers[place] = this.#answered(made, at, requests.length)
      }
      return answers
    })
  }

  /** Maps an answer into the message, which may be another than the one that was asked for. */
  take(message: Message, answer: BranchAnswer): BranchResult {
    if (answer.kind === 'skipped') return { message, outcome: 'skipped' }
    if (answer.kind === 'failed') return failed(message, answer.failure)
    const { result } = this.#parts
    if (result === undefined) return { message, outcome: 'succeeded' }
    try {
      const mapped = message.withResult(result.onto(answer.answers, answer.at, message))
      return { message: mapped, outcome: 'succeeded' }
    } catch (thrown) {
      return failed(message, this.#parts.failure(thrown))
    }
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

  #answered(answers: Batch, at: number, expected: number): BranchAnswer {
    if (answers.length !== expected) {
      const text = `expected as many messages from the branch as went into it, ${expected}, got ${answers.length}`
      const error = new HeadgateError('MappingFailed', text)
      return { kind: 'failed', failure: this.#parts.failure(error) }
    }
    const failure = answers[at]?.failure()
    return failure === undefined ? { kind: 'answered', answers, at } : { kind: 'failed', failure }
  }
}

function failed(message: Message, failure: MappingFailure): BranchResult {
  return { message: message.withFailure(failure), outcome: 'failed' }
}
