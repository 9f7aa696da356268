// Written by `headgate types` from what the folder declares. Write it again rather than edit it.
import type { Processor, ProcessorResult } from 'headgate/processor'

/** StreamType clean-order. */
export interface CleanOrder {
  readonly number: number
  readonly customer?: string | null
  readonly total?: number
}

/** StreamType item. */
export interface Item {
  readonly article: string | null
  readonly price?: number
  readonly quantity?: number
}

/** StreamType order. */
export interface Order {
  readonly number: number
  readonly customer?: string | null
  readonly items?: readonly (Item | null)[]
}

/** What each stream holds. */
export interface Streams {
  readonly "clean-orders": CleanOrder
  readonly "failed-orders": Order
  readonly orders: Order
}

/** What the module of Pipeline clean exports, and what that returns. */
export type CleanProcessor = Processor<Order, CleanOrder>
export type CleanResult = ProcessorResult<CleanOrder>
