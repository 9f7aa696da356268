/** One thing that is wrong in what a person wrote: which layer says so, where it stands, and what to do next. */
import type { ErrorCode } from '../../engine/error-codes.ts'

export const LAYERS = ['syntax', 'schema', 'cel', 'component', 'reference'] as const
export type Layer = (typeof LAYERS)[number]

/** Line and column count from 1; columns in code points. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem extends Place {
  readonly layer: Layer
  readonly code: ErrorCode
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly hint?: string
  /** How many code points the caret underlines; 1 where unknown. */
  readonly width?: number
}
