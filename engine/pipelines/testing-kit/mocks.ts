/** What a test puts in the places of components, and what it learns of them. */
import type { Batch, Message } from '../message.ts'

/** Undefined filters the message; a throw makes the processor fail on it. */
export type ProcessorMock = (message: Message) => Message | undefined | Promise<Message | undefined>

/** Hears of each write; a throw makes it fail. */
export type OutputMock = (batch: Batch) => void | Promise<void>

/** By label or JSON pointer (`/output/broker/outputs/1`); inputs by the name of their stream, too. */
export interface Mocks {
  /** The batches of each input; a list where there is just one input. */
  readonly inputs: readonly Batch[] | ReadonlyMap<string, readonly Batch[]>
  readonly outputs?: ReadonlyMap<string, OutputMock>
  readonly processors?: ReadonlyMap<string, ProcessorMock>
}

/** An output that was built, and what it was given. */
export interface RehearsedOutput {
  /** Empty where the config gives none. */
  readonly label: string
  readonly pointer: string
  /** As `kafka`. */
  readonly name: string
  /** What it writes to, where that is a stream; what it wrote is in the stream then. */
  readonly stream: string | undefined
  readonly batches: readonly Batch[]
}

/** That a processor failed on something, whatever became of that. */
export interface RehearsedFailure {
  /** As `mapping`. */
  readonly component: string
  readonly label: string
  readonly pointer: string
  readonly message: string
}
