/**
 * What a function or a method is: one object from which the compiler, the checks, the reference and the example tests
 * all come.
 *
 * `build` runs once for each place that calls it, with that place's arguments, and returns what runs per message.
 */
import type { BloblangEnvironment } from './environment.ts'
import type { Evaluate, EvaluateWith, Frame } from './frame.ts'
import type { MappingTree } from './syntax/tree.ts'
import type { Result } from './values/result.ts'
import type { Value } from './values/value.ts'

export type ParameterType =
  | 'string'
  | 'integer'
  | 'float'
  | 'bool'
  | 'array'
  | 'object'
  | 'any'
  | 'query'

export interface Parameter {
  readonly name: string
  readonly type: ParameterType
  readonly description: string
  /** May be left out, and then means something of its own. */
  readonly optional?: boolean
  /** Taken when left out. */
  readonly default?: Value
}

export type Category =
  | 'message'
  | 'environment'
  | 'generation'
  | 'fallback'
  | 'coercion'
  | 'strings'
  | 'regular expressions'
  | 'numbers'
  | 'objects and arrays'
  | 'parsing'
  | 'encoding'
  | 'tokens'
  | 'geoip'
  | 'time'
  | 'control'

export interface Example {
  readonly mapping: string
  /** The message's content; empty when it does not matter. */
  readonly input?: string
  /** The payload that results; absent when the example fails. */
  readonly output?: string
  /** A part of the error text. */
  readonly error?: string
}

interface Definition {
  readonly name: string
  readonly category: Category
  readonly status: 'stable' | 'beta' | 'experimental' | 'deprecated'
  readonly description: string
  readonly parameters: readonly Parameter[]
  /** Takes any number of further arguments, all of the last parameter's kind. */
  readonly variadic?: boolean
  /**
   * What a mapping that calls it does, where that ties it to one thread: it keeps something from one message to the
   * next, or reads what is outside of the message.
   */
  readonly tied?: string
  readonly examples: readonly [Example, ...Example[]]
}

export interface FunctionDefinition extends Definition {
  readonly build: (site: CallSite) => Evaluate
}

export interface MethodDefinition extends Definition {
  /** Other names that mean the same. */
  readonly aliases?: readonly string[]
  /** What runs on a target that was evaluated without an error. */
  readonly build: (site: CallSite) => (target: Result, frame: Frame) => Result
  /** In place of `build`, for methods that decide themselves when and how the target is evaluated. */
  readonly wrap?: (site: CallSite, target: Evaluate) => Evaluate
}

/** The arguments of one call, by parameter name. Each is checked for its type: when compiled if constant, else when run. */
export interface CallSite {
  readonly environment: BloblangEnvironment
  given(name: string): boolean
  any(name: string): (frame: Frame) => Value
  string(name: string): (frame: Frame) => string
  integer(name: string): (frame: Frame) => number
  float(name: string): (frame: Frame) => number
  bool(name: string): (frame: Frame) => boolean
  array(name: string): (frame: Frame) => readonly Value[]
  query(name: string): EvaluateWith
  /** The argument and all that follow it. */
  rest(name: string): readonly ((frame: Frame) => Value)[]
  /** Something that costs to make of a text, such as a regular expression: made once when the text is constant. */
  derived<T>(name: string, derive: (text: string) => T): (frame: Frame) => T
  /** The value of the variable that the argument names. */
  variable(name: string): (frame: Frame) => Value
  /** What another text makes of a value, as a map would. Throws MappingError when it does not compile. */
  compiled(text: string, tree: MappingTree): EvaluateWith
  /** The map of that name, as `apply` runs it. */
  applied(name: string): EvaluateWith
}

/** For definitions whose `wrap` does everything. */
export const WRAPPED: MethodDefinition['build'] = () => (target) => target
