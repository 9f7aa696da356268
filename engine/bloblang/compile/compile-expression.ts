/** Expressions become closures, once; no tree is walked per message. */

import { nearest } from '../../suggest.ts'
import { type Evaluate, type EvaluateWith, type Frame, stepsOfLiteral } from '../frame.ts'
import { MappingError } from '../mapping-error.ts'
import type { Position } from '../syntax/cursor.ts'
import type {
  ArrayExpression,
  BinaryExpression,
  Expression,
  LambdaExpression,
  NameExpression,
  ObjectExpression,
  UnaryExpression,
} from '../syntax/tree.ts'
import { compareText } from '../values/equality.ts'
import { expectText, kindOf } from '../values/kind-of.ts'
import { literalCode } from '../values/object-code.ts'
import { isMarker, type Result } from '../values/result.ts'
import { setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { coalesce } from './coalesce.ts'
import { type Code, code, constantCode, FAULTY, fold, report, type Scope } from './code.ts'
import { compileIf, compileMatch } from './compile-branch.ts'
import { compileFunction, compileMethod } from './compile-call.ts'
import { arithmetic, comparison } from './compile-operator.ts'
import { compileField, thisAt } from './compile-path.ts'
import { noteKinds } from './note-kinds.ts'
import { calculate, negate, strictCondition, truth } from './operators.ts'

export function compileExpression(scope: Scope, expression: Expression): Code {
  switch (expression.kind) {
    case 'literal':
      return constantCode(expression.value, `${kindOf(expression.value)} literal`)
    case 'array':
      return compileArray(scope, expression)
    case 'object':
      return compileObject(scope, expression)
    case 'this':
    case 'root':
    case 'variable':
    case 'metadata':
    case 'word':
      return compileName(scope, expression)
    case 'field':
      return compileField(scope, expression)
    case 'method':
      return compileMethod(scope, expression)
    case 'function':
      return compileFunction(scope, expression)
    case 'bracket':
      return compileBracket(scope, expression.target, expression.query)
    case 'lambda':
      return compileLambda(scope, expression)
    case 'unary':
      return compileUnary(scope, expression)
    case 'binary':
      return compileBinary(scope, expression)
    case 'if':
      return compileIf(scope, expression)
    case 'match':
      return compileMatch(scope, expression)
  }
}

/** A query that runs with another `this`, such as an argument of `map_each`. */
export function compileWith(scope: Scope, expression: Expression): WithContext {
  const slot = scope.slots
  const contexts = [...scope.contexts, slot]
  const { evaluate, label } = compileExpression({ ...scope, contexts, slots: slot + 1 }, expression)
  const evaluateWith: EvaluateWith = (frame, context) => {
    frame.run.step(1)
    frame.contexts[slot] = context
    return evaluate(frame)
  }
  return { evaluateWith, label }
}

export interface WithContext {
  readonly evaluateWith: EvaluateWith
  readonly label: string
}

/** `name -> body`: the name stands for `this`, and `this` within the body is the one around it. */
function compileLambda(scope: Scope, expression: LambdaExpression): Code {
  const { parameter } = expression
  const slot = scope.contexts.at(-1)
  if (slot === undefined || scope.names.has(parameter)) {
    const found =
      slot === undefined
        ? 'a place without `this`'
        : `\`${parameter}\`, which has a meaning here already`
    report(scope, expression.at, `expected a new name before \`->\`, got ${found}`)
    return FAULTY
  }
  const names = parameter === '_' ? scope.names : new Map(scope.names).set(parameter, slot)
  return compileExpression(
    { ...scope, names, contexts: scope.contexts.slice(0, -1) },
    expression.body,
  )
}

function compileName(scope: Scope, expression: NameExpression): Code {
  const { kind, name, at } = expression
  switch (kind) {
    case 'this':
      return thisAt(scope, at)
    case 'root':
      return code((frame) => frame.shareRoot(), 'root')
    case 'variable':
      return compileVariable(scope, name, at)
    case 'metadata':
      return name === ''
        ? code(allMetadata, 'metadata')
        : code(metadataReader(name), `metadata \`${name}\``)
    case 'word':
      return compileField(scope, expression)
  }
}

function compileVariable(scope: Scope, name: string, at: Position): Code {
  const slot = scope.variables.get(name)
  if (slot === undefined) {
    const meant = nearest(name, scope.variables.keys())
    const hint = meant === undefined ? `Set it first: let ${name} = …` : `did you mean "${meant}"?`
    report(scope, at, `variable \`${name}\` is never set`, {
      expected: 'a variable that is set',
      found: `$${name}`,
      hint,
    })
    return FAULTY
  }
  return code((frame) => {
    const value = frame.variables[slot]
    if (value === undefined) throw new MappingError(`variable '${name}' undefined`, true)
    return value
  }, `variable \`${name}\``)
}

function metadataReader(name: string): Evaluate {
  return ({ run }) => {
    const value = run.metadata === undefined ? run.own.metadata(name) : run.metadata.get(name)
    return value ?? null
  }
}

function allMetadata({ run }: Frame): Result {
  const all: ObjectValue = {}
  if (run.metadata !== undefined) {
    for (const [key, value] of run.metadata) setKey(all, key, value)
  } else {
    for (const key of run.own.metadataKeys()) setKey(all, key, run.own.metadata(key) ?? null)
  }
  return all
}

function compileBracket(scope: Scope, target: Expression, query: Expression): Code {
  const { evaluate } = compileExpression(scope, target)
  const slot = scope.slots
  const contexts = [...scope.contexts, slot]
  const inner = compileExpression({ ...scope, contexts, slots: slot + 1 }, query)
  return code((frame) => {
    frame.contexts[slot] = evaluate(frame)
    return inner.evaluate(frame)
  }, inner.label)
}

function compileUnary(scope: Scope, expression: UnaryExpression): Code {
  const operand = compileExpression(scope, expression.operand)
  const { evaluate, label } = operand
  const apply: Evaluate =
    expression.operator === '-'
      ? (frame) => negate(evaluate(frame), label)
      : (frame) => !strictCondition(evaluate(frame), label)
  const { constant } = operand
  if (constant === undefined) return code(apply, label)
  return fold(scope, expression.at, label, () =>
    expression.operator === '-' ? negate(constant, label) : !strictCondition(constant, label),
  )
}

function compileBinary(scope: Scope, expression: BinaryExpression): Code {
  const { operator, at } = expression
  const left = compileExpression(scope, expression.left)
  const right = compileExpression(scope, expression.right)
  const origins = { left: left.label, right: right.label }
  noteKinds(scope, expression)
  const first = left.evaluate
  const second = right.evaluate
  switch (operator) {
    case '|':
      return code(coalesce(first, second), 'coalesced query')
    case '&&':
      return code(
        (frame) => truth(first(frame), origins.left) && truth(second(frame), origins.right),
        'bool query',
      )
    case '||':
      return code(
        (frame) => truth(first(frame), origins.left) || truth(second(frame), origins.right),
        'bool query',
      )
    case '+':
    case '-':
    case '*':
    case '/':
    case '%': {
      const { constant: a } = left
      const { constant: b } = right
      if (a !== undefined && b !== undefined) {
        return fold(scope, at, 'arithmetic', () => calculate(operator, a, b, origins))
      }
      return code(arithmetic(operator, first, second, origins), 'arithmetic')
    }
    default:
      return code(comparison(operator, first, second, origins), 'comparison')
  }
}

function compileArray(scope: Scope, expression: ArrayExpression): Code {
  const items = expression.items.map((item) => compileExpression(scope, item))
  if (items.every((item) => item.constant !== undefined)) {
    return constantCode(
      items.map((item) => item.constant as Value),
      'array literal',
    )
  }
  const evaluators = items.map((item) => item.evaluate)
  const evaluateAll = (frame: Frame): Value => {
    const array: Value[] = []
    for (const evaluate of evaluators) {
      const value = evaluate(frame)
      if (!isMarker(value)) array.push(value)
    }
    return array
  }
  return code(counted(evaluateAll, items.length), 'array literal')
}

function compileObject(scope: Scope, expression: ObjectExpression): Code {
  const entries = expression.entries.map((entry) => ({
    key: compileExpression(scope, entry.key),
    value: compileExpression(scope, entry.value),
    at: entry.key.at,
  }))
  for (const { key, at } of entries) {
    if (key.constant !== undefined && typeof key.constant !== 'string') {
      report(scope, at, `expected a string as a key, got ${kindOf(key.constant)}`)
      return FAULTY
    }
  }
  if (entries.some(({ key }) => key.constant === undefined)) return dynamicObject(entries)
  // The last of several equal keys counts. In sorted order the result serialises without sorting again.
  const byKey = new Map(entries.map(({ key, value }) => [key.constant as string, value]))
  const sorted = [...byKey].sort(([first], [second]) => compareText(first, second))
  if (sorted.every(([, value]) => value.constant !== undefined)) {
    const constant: ObjectValue = {}
    for (const [key, value] of sorted) setKey(constant, key, value.constant as Value)
    return constantCode(constant, 'object literal')
  }
  const literal = staticObject(
    sorted.map(([key]) => key),
    sorted.map(([, value]) => value.evaluate),
  )
  return code(counted(literal, sorted.length), 'object literal')
}

/** Large literals are counted, so that a loop cannot fill the memory with them. */
function counted(evaluate: Evaluate, parts: number): Evaluate {
  const steps = stepsOfLiteral(parts)
  if (steps === 0) return evaluate
  return (frame) => {
    frame.run.step(steps)
    return evaluate(frame)
  }
}

/** The function that makes it is generated when it is first run: most mappings are only judged. */
function staticObject(keys: readonly string[], evaluators: readonly Evaluate[]): Evaluate {
  let generated: Evaluate | undefined
  return (frame) => {
    generated ??= literalCode(keys, evaluators, (values) => presentOf(keys, values)) ?? evaluateAll
    return generated(frame)
  }

  function evaluateAll(frame: Frame): Value {
    return presentOf(
      keys,
      evaluators.map((evaluate) => evaluate(frame)),
    )
  }
}

/** What is deleted or nothing leaves no key. */
function presentOf(keys: readonly string[], values: readonly unknown[]): Value {
  const present: ObjectValue = {}
  for (const [index, key] of keys.entries()) {
    const value = values[index] as Result
    if (!isMarker(value)) setKey(present, key, value)
  }
  return present
}

function dynamicObject(entries: readonly { readonly key: Code; readonly value: Code }[]): Code {
  const evaluateAll = (frame: Frame): Value => {
    const object: ObjectValue = {}
    for (const { key, value } of entries) {
      const name = expectText(key.evaluate(frame))
      const member = value.evaluate(frame)
      if (!isMarker(member)) setKey(object, name, member)
    }
    return object
  }
  return code(counted(evaluateAll, entries.length), 'object literal')
}
