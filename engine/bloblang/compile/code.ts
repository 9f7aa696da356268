/** A compiled expression, and what compiling one needs to know of its surroundings. */
import type { BloblangEnvironment } from '../environment.ts'
import type { Evaluate, EvaluateWith } from '../frame.ts'
import type { MappingProblem } from '../mapping.ts'
import { locate, MappingError } from '../mapping-error.ts'
import {
  type Lines,
  type Position,
  problemAt,
  SURPRISES_MAX,
  type Surprise,
} from '../syntax/cursor.ts'
import { isMarker, type Result } from '../values/result.ts'
import type { Value } from '../values/value.ts'

export interface Code {
  readonly evaluate: Evaluate
  /** Where a value comes from, for messages: "field `this.a`". */
  readonly label: string
  /** The value, when it is the same for every message. */
  readonly constant: Value | undefined
}

export function constantCode(value: Value, label: string): Code {
  return { evaluate: () => value, label, constant: value }
}

export function code(evaluate: Evaluate, label: string): Code {
  return { evaluate, label, constant: undefined }
}

/** Stands for what could not be compiled; a problem is already noted. */
export const FAULTY: Code = code(() => null, 'a faulty query')

/** What all of one text shares while it is compiled. */
export interface Compilation {
  readonly text: string
  readonly lines: Lines
  readonly environment: BloblangEnvironment
  readonly problems: MappingProblem[]
  readonly surprises: Surprise[]
  /** True for `mutation`: `this` and `root` are then one document. */
  readonly mutating: boolean
  /** True where root begins as the document of another message than `this`. */
  readonly onto?: boolean
  readonly maps: Map<string, MapSlot>
}

/** A map may be applied before its definition was compiled, by itself for one. */
export interface MapSlot {
  run: EvaluateWith | undefined
}

/** What is known where an expression stands. */
export interface Scope {
  readonly compilation: Compilation
  /** The context slots of `this` from the outermost, 0, inwards; a lambda takes the innermost away and names it. */
  readonly contexts: readonly number[]
  /** How many context slots are taken. */
  readonly slots: number
  /** Lambda parameters, and the context slot that each names. */
  readonly names: ReadonlyMap<string, number>
  /** Variables by name; a variable is known everywhere in its mapping or map. */
  readonly variables: ReadonlyMap<string, number>
  /** Within a map the outermost `this` is what the map is applied to. */
  readonly inMap: boolean
}

export type ProblemDetails = Pick<MappingProblem, 'expected' | 'found' | 'hint'>

/** A text that is wrong everywhere is not told a million times. */
export const PROBLEMS_MAX = 100

export function report(
  scope: Scope,
  at: Position,
  message: string,
  details: ProblemDetails = {},
): void {
  if (scope.compilation.problems.length >= PROBLEMS_MAX) return
  scope.compilation.problems.push(problemAt(scope.compilation.text, at, message, details))
}

/** Well-formed, and perhaps not what its writer thinks. */
export function surprise(scope: Scope, at: Position, message: string, hint: string): void {
  const { surprises } = scope.compilation
  if (surprises.length < SURPRISES_MAX) surprises.push({ at, message, hint })
}

/** Evaluates; a failure tells where the value came from. */
export function located(source: Code): Evaluate {
  const { evaluate, label } = source
  return (frame) => {
    try {
      return evaluate(frame)
    } catch (thrown) {
      throw thrown instanceof MappingError ? locate(thrown, label) : thrown
    }
  }
}

/** A constant, unless computing it fails: then that is a problem of the text. */
export function fold(scope: Scope, at: Position, label: string, compute: () => Result): Code {
  try {
    const value = compute()
    return isMarker(value) ? code(() => value, label) : constantCode(value, label)
  } catch (thrown) {
    if (!(thrown instanceof MappingError)) throw thrown
    report(scope, at, thrown.message)
    return FAULTY
  }
}
