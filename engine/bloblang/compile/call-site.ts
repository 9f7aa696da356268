/** The arguments of one call as its definition asks for them. */

import { nearest } from '../../suggest.ts'
import type { CallSite, FunctionDefinition, MethodDefinition } from '../definition.ts'
import type { EvaluateWith, Frame } from '../frame.ts'
import type { MappingProblem } from '../mapping.ts'
import { MappingError, TypeMismatch } from '../mapping-error.ts'
import type { Position } from '../syntax/cursor.ts'
import type { Argument, MappingTree } from '../syntax/tree.ts'
import { expectArray, expectBoolean, expectText, expectValue } from '../values/kind-of.ts'
import { expectSafeInteger, toFloat, toNumeric } from '../values/number.ts'
import type { Result } from '../values/result.ts'
import type { Value } from '../values/value.ts'
import { type Code, constantCode, report, type Scope } from './code.ts'
import { compileExpression, compileWith } from './compile-expression.ts'
import { compileApplied } from './compile-mapping.ts'

/** The arguments by parameter; a variadic parameter has several. */
export type Bound = ReadonlyMap<string, readonly Argument[]>

type Read<T> = (frame: Frame) => T

export function bindArguments(
  scope: Scope,
  definition: FunctionDefinition | MethodDefinition,
  bound: Bound,
  at: Position,
): CallSite {
  const compiled = new Map<string, Code>()
  const queries = new Map<string, EvaluateWith>()
  const codeOf = (name: string): Code => {
    const known = compiled.get(name)
    if (known !== undefined) return known
    const argument = bound.get(name)?.[0]
    const parameter = definition.parameters.find((each) => each.name === name)
    const made =
      argument === undefined
        ? constantCode(parameter?.default ?? null, `argument \`${name}\``)
        : compileExpression(scope, argument.value)
    compiled.set(name, made)
    return made
  }
  const typed = <T>(name: string, convert: (value: Result) => T): Read<T> =>
    reader(codeOf(name), name, convert)
  const queryOf = (name: string): EvaluateWith => {
    const argument = bound.get(name)?.[0]
    if (argument === undefined) return (_frame, context) => context
    const known = queries.get(name) ?? compileWith(scope, argument.value).evaluateWith
    queries.set(name, known)
    return known
  }
  // Queries are compiled even when a definition does not ask for them yet, so that their problems show.
  for (const parameter of definition.parameters) {
    if (parameter.type === 'query') queryOf(parameter.name)
    else if (bound.has(parameter.name)) codeOf(parameter.name)
  }
  return {
    environment: scope.compilation.environment,
    given: (name) => bound.has(name),
    any: (name) => typed(name, expectValue),
    string: (name) => typed(name, expectText),
    integer: (name) => typed(name, expectSafeInteger),
    float: (name) => typed(name, (value) => toFloat(toNumeric(value))),
    bool: (name) => typed(name, expectBoolean),
    array: (name) => typed(name, expectArray),
    query: queryOf,
    rest: (name) =>
      (bound.get(name) ?? []).map((argument, index) =>
        reader(
          index === 0 ? codeOf(name) : compileExpression(scope, argument.value),
          name,
          expectValue,
        ),
      ),
    derived: (name, derive) => derivedReader(codeOf(name), name, derive),
    variable: (name) => variableReader(scope, codeOf(name), name),
    compiled: (text, tree) => compiledText(scope, text, tree),
    applied: (name) => appliedMap(scope, codeOf(name), name, at),
  }
}

function reader<T>(
  { evaluate, constant, label }: Code,
  name: string,
  convert: (value: Result) => T,
): Read<T> {
  if (constant !== undefined) {
    const converted = explained(() => convert(constant), name, label)
    return () => converted
  }
  return (frame) => explained(() => convert(evaluate(frame)), name, label)
}

function explained<T>(compute: () => T, name: string, label: string): T {
  try {
    return compute()
  } catch (thrown) {
    if (!(thrown instanceof TypeMismatch)) throw thrown
    throw new MappingError(`argument \`${name}\`: ${thrown.message} from ${label}`, true)
  }
}

/** The last text and what was made of it are kept, for a text that varies little. */
function derivedReader<T>(source: Code, name: string, derive: (text: string) => T): Read<T> {
  const read = reader(source, name, expectText)
  if (source.constant !== undefined) {
    const made = derive(expectText(source.constant))
    return () => made
  }
  let last: { text: string; made: T } | undefined
  return (frame) => {
    const text = read(frame)
    if (last?.text !== text) last = { text, made: derive(text) }
    return last.made
  }
}

function variableReader(scope: Scope, source: Code, name: string): Read<Value> {
  const read = reader(source, name, expectText)
  return (frame) => {
    const wanted = read(frame)
    const slot = scope.variables.get(wanted)
    const value = slot === undefined ? undefined : frame.variables[slot]
    if (value === undefined) throw new MappingError(`variable '${wanted}' undefined`, true)
    return value
  }
}

function compiledText(scope: Scope, text: string, tree: MappingTree): EvaluateWith {
  const problems: MappingProblem[] = []
  const { environment } = scope.compilation
  const source = { environment, problems, surprises: [], mutating: false }
  const applied = compileApplied(source, { text, tree, imports: [] })
  const [problem] = problems
  if (problem === undefined) return applied
  const { line, column, message } = problem
  throw new MappingError(`failed to parse mapping: line ${line} char ${column}: ${message}`)
}

function appliedMap(scope: Scope, source: Code, name: string, at: Position): EvaluateWith {
  const { maps } = scope.compilation
  const { constant } = source
  if (typeof constant === 'string' && !maps.has(constant)) {
    const meant = nearest(constant, maps.keys())
    report(scope, at, `map \`${constant}\` is not defined`, {
      expected: 'a map of this mapping',
      found: constant,
      hint: meant === undefined ? `Define it: map ${constant} { … }` : `did you mean "${meant}"?`,
    })
  }
  const read = reader(source, name, expectText)
  return (frame, context) => {
    const wanted = read(frame)
    const run = maps.get(wanted)?.run
    if (run === undefined) throw new MappingError(`map ${wanted} was not found`)
    return run(frame, context)
  }
}
