/** Calls of functions and methods: names, arguments and their types are checked here, once. */

import { nearest } from '../../suggest.ts'
import type { CallSite, FunctionDefinition, MethodDefinition, Parameter } from '../definition.ts'
import { type Evaluate, type Frame, SIZE_PER_STEP } from '../frame.ts'
import { functions } from '../functions/index.ts'
import { locate, MappingError } from '../mapping-error.ts'
import { methods } from '../methods/index.ts'
import type { Position } from '../syntax/cursor.ts'
import type { Argument, FunctionExpression, MethodExpression } from '../syntax/tree.ts'
import { kindOf } from '../values/kind-of.ts'
import type { Result } from '../values/result.ts'
import { type Bound, bindArguments } from './call-site.ts'
import { type Code, code, FAULTY, report, type Scope } from './code.ts'
import { compileExpression } from './compile-expression.ts'

export function compileFunction(scope: Scope, expression: FunctionExpression): Code {
  const { name, at } = expression
  const definition = functions.get(name)
  if (definition === undefined) {
    const isMethod = methods.has(name)
    unknown(
      scope,
      at,
      'function',
      name,
      functions.keys(),
      isMethod ? `\`${name}\` is a method: write value.${name}(…).` : undefined,
    )
    compileLoosely(scope, expression.arguments)
    return FAULTY
  }
  const evaluate = build(scope, definition, expression.arguments, at, (site) =>
    definition.build(site),
  )
  return evaluate === undefined ? FAULTY : code(charged(evaluate), `function \`${name}\``)
}

function charged(evaluate: Evaluate): Evaluate {
  return (frame) => {
    const value = evaluate(frame)
    if (typeof value === 'object' || isLong(null, value)) frame.run.charge(null, value)
    return value
  }
}

export function compileMethod(scope: Scope, expression: MethodExpression): Code {
  const { name, at } = expression
  const target = compileExpression(scope, expression.target)
  const definition = methods.get(name)
  if (definition === undefined) {
    const isFunction = functions.has(name)
    unknown(
      scope,
      at,
      'method',
      name,
      methods.keys(),
      isFunction ? `\`${name}\` is a function: write ${name}(…).` : undefined,
    )
    compileLoosely(scope, expression.arguments)
    return FAULTY
  }
  const evaluate = build(scope, definition, expression.arguments, at, (site) =>
    definition.wrap === undefined
      ? invoke(definition.build(site), target)
      : definition.wrap(site, target.evaluate),
  )
  return evaluate === undefined ? FAULTY : code(evaluate, `method \`${name}\``)
}

function invoke(run: ReturnType<MethodDefinition['build']>, target: Code): Evaluate {
  const { evaluate, label } = target
  return (frame: Frame) => {
    const value = evaluate(frame)
    try {
      const result = run(value, frame)
      if (typeof value === 'object' || typeof result === 'object' || isLong(value, result)) {
        frame.run.charge(value, result)
      }
      return result
    } catch (thrown) {
      throw thrown instanceof MappingError ? locate(thrown, label) : thrown
    }
  }
}

/** Most calls take and give short texts, numbers or bools. */
function isLong(taken: Result, given: Result): boolean {
  return (
    (typeof taken === 'string' && taken.length >= SIZE_PER_STEP) ||
    (typeof given === 'string' && given.length >= SIZE_PER_STEP)
  )
}

/** Binds and builds; what is wrong with the arguments is noted. */
function build<T>(
  scope: Scope,
  definition: FunctionDefinition | MethodDefinition,
  given: readonly Argument[],
  at: Position,
  make: (site: CallSite) => T,
): T | undefined {
  const bound = bindParameters(scope, definition, given, at)
  if (bound === undefined) return undefined
  try {
    return make(bindArguments(scope, definition, bound, at))
  } catch (thrown) {
    // A constant that cannot be used, such as a regular expression that does not parse.
    if (!(thrown instanceof MappingError)) throw thrown
    report(scope, given[0]?.at ?? at, thrown.message)
    return undefined
  }
}

function bindParameters(
  scope: Scope,
  definition: FunctionDefinition | MethodDefinition,
  given: readonly Argument[],
  at: Position,
): Bound | undefined {
  const { name, parameters, variadic = false } = definition
  const bound = new Map<string, Argument[]>()
  let sound = true
  given.forEach((argument, index) => {
    const parameter =
      argument.name === undefined
        ? (parameters[index] ?? (variadic ? parameters.at(-1) : undefined))
        : parameters.find((candidate) => candidate.name === argument.name)
    if (parameter === undefined) {
      sound = false
      if (argument.name !== undefined) {
        unknown(
          scope,
          argument.at,
          `argument of \`${name}\``,
          argument.name,
          parameters.map((each) => each.name),
        )
      }
      return
    }
    bound.set(parameter.name, [...(bound.get(parameter.name) ?? []), argument])
    if (!checkConstant(scope, name, parameter, argument)) sound = false
  })
  const missing = parameters.filter(
    (each) => isRequired(each, variadic && each === parameters.at(-1)) && !bound.has(each.name),
  )
  const tooMany = given.length > parameters.length && !variadic
  if (missing.length > 0 || tooMany) {
    sound = false
    const expected = countText(parameters, variadic)
    report(scope, at, `\`${name}\` expected ${expected}, got ${given.length}`, {
      expected,
      found: String(given.length),
      ...(parameters.length === 0
        ? {}
        : { hint: `Its arguments are ${parameters.map((each) => each.name).join(', ')}.` }),
    })
  }
  if (!sound) compileLoosely(scope, given)
  return sound ? bound : undefined
}

function isRequired(parameter: Parameter, repeats: boolean): boolean {
  return !repeats && parameter.optional !== true && parameter.default === undefined
}

function countText(parameters: readonly Parameter[], variadic: boolean): string {
  const least = parameters.filter((each) =>
    isRequired(each, variadic && each === parameters.at(-1)),
  ).length
  const noun = (count: number): string => (count === 1 ? 'argument' : 'arguments')
  if (variadic) return `at least ${least} ${noun(least)}`
  const most = parameters.length
  if (most === 0) return 'no arguments'
  return least === most ? `${most} ${noun(most)}` : `${least} to ${most} arguments`
}

const CONSTANT_KINDS: Readonly<Record<Parameter['type'], readonly string[] | undefined>> = {
  string: ['string', 'bytes'],
  integer: ['number'],
  float: ['number'],
  bool: ['bool'],
  array: ['array'],
  object: ['object'],
  any: undefined,
  query: undefined,
}

function checkConstant(
  scope: Scope,
  name: string,
  parameter: Parameter,
  argument: Argument,
): boolean {
  const kinds = CONSTANT_KINDS[parameter.type]
  if (kinds === undefined || argument.value.kind !== 'literal') return true
  const kind = kindOf(argument.value.value)
  if (kinds.includes(kind)) return true
  report(
    scope,
    argument.at,
    `argument \`${parameter.name}\` of \`${name}\` expected ${parameter.type} value, got ${kind}`,
    {
      expected: parameter.type,
      found: kind,
    },
  )
  return false
}

/** Compiles only to find more problems: what calls these arguments is faulty itself. */
function compileLoosely(scope: Scope, given: readonly Argument[]): void {
  for (const argument of given) {
    const slot = scope.slots
    compileExpression(
      { ...scope, contexts: [...scope.contexts, slot], slots: slot + 1 },
      argument.value,
    )
  }
}

function unknown(
  scope: Scope,
  at: Position,
  what: string,
  name: string,
  known: Iterable<string>,
  otherwise?: string,
): void {
  const names = [...known]
  const meant = nearest(name, names)
  const hint = otherwise ?? (meant === undefined ? undefined : `did you mean "${meant}"?`)
  report(scope, at, `unknown ${what} \`${name}\``, {
    expected: `a known ${what}`,
    found: name,
    ...(hint === undefined ? {} : { hint }),
  })
}
