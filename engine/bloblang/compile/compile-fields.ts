/**
 * Statements that only fill fields of a new document, as most mappings are: the document is copied from a template that
 * has its keys in their sorted order, and filled.
 *
 * Nothing but speed differs from running the statements one by one. Whatever could tell the difference (a target within
 * another one, a branch, somebody who reads the root) keeps a mapping from being run this way.
 */
import type { Evaluate, Frame } from '../frame.ts'
import { asMappingError, locate, MappingError } from '../mapping-error.ts'
import { someExpression } from '../syntax/parts.ts'
import type { Statement } from '../syntax/tree.ts'
import { compareText } from '../values/equality.ts'
import { objectWithKeys } from '../values/key-order.ts'
import { isMarker } from '../values/result.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { assignPath } from './assign-path.ts'
import type { Scope } from './code.ts'
import { compileExpression } from './compile-expression.ts'

export type Execute = (frame: Frame) => void
type FieldStatement = Extract<Statement, { kind: 'root' }>

/** A field, or something else that runs between fields. */
type Step =
  | {
      readonly evaluate: Evaluate
      readonly label: string
      readonly line: number
      readonly path: readonly string[]
      /** Which of the objects it is a key of. */
      readonly place: number
      readonly key: string
    }
  | Execute

/** An object of the document; the first one is the document itself. */
interface Place {
  readonly template: ObjectValue
  readonly parent: number
  readonly key: string
}

/** Undefined where the statements have to run one by one. */
export function compileFields(
  scope: Scope,
  statements: readonly Statement[],
  compileOther: (statement: Statement) => Execute,
): Execute | undefined {
  const targets = fieldTargets(statements)
  const { mutating, onto } = scope.compilation
  if (targets === undefined || mutating || onto === true) return undefined
  const places = placesOf(targets)
  const indexOf = new Map(places.map(({ path }, index) => [path.join('\u0000'), index]))
  const steps = statements.map((statement): Step => {
    if (statement.kind !== 'root') return compileOther(statement)
    const { path, value, at } = statement
    const { evaluate, label } = compileExpression(scope, value)
    const place = indexOf.get(path.slice(0, -1).join('\u0000')) ?? 0
    const key = path.at(-1) ?? ''
    return { evaluate, label, line: scope.compilation.lines.at(at), path, place, key }
  })
  return fill(steps, places)
}

/** The targets of the statements when no one could tell in which order they were filled. */
function fieldTargets(statements: readonly Statement[]): readonly FieldStatement[] | undefined {
  const targets = statements.filter((statement) => statement.kind === 'root')
  if (targets.length === 0) return undefined
  const isPlain = statements.every(
    (statement) =>
      statement.kind !== 'if' &&
      !someExpression(statement.value, ({ kind }) => kind === 'root') &&
      (statement.kind !== 'root' || statement.path.length > 0),
  )
  return isPlain && areApart(targets) ? targets : undefined
}

/** No target lies at or within another one. */
function areApart(targets: readonly FieldStatement[]): boolean {
  const taken = new Set<string>()
  const passed = new Set<string>()
  for (const { path } of targets) {
    const whole = path.join('\u0000')
    if (taken.has(whole) || passed.has(whole)) return false
    for (let length = 1; length < path.length; length++) {
      const part = path.slice(0, length).join('\u0000')
      if (taken.has(part)) return false
      passed.add(part)
    }
    taken.add(whole)
  }
  return true
}

interface PathedPlace extends Place {
  readonly path: readonly string[]
}

/** Outer objects before those within them. */
function placesOf(targets: readonly FieldStatement[]): readonly PathedPlace[] {
  const places: PathedPlace[] = []
  const visit = (path: readonly string[], parent: number): void => {
    const depth = path.length
    const within = targets.filter(({ path: other }) => path.every((key, at) => other[at] === key))
    const keys = [...new Set(within.map(({ path: other }) => other[depth] ?? ''))].sort(compareText)
    const index = places.length
    places.push({ template: objectWithKeys(keys), parent, key: path.at(-1) ?? '', path })
    for (const key of keys) {
      const isObject = within.some(
        ({ path: other }) => other[depth] === key && other.length > depth + 1,
      )
      if (isObject) visit([...path, key], index)
    }
  }
  visit([], 0)
  return places
}

function fill(steps: readonly Step[], places: readonly Place[]): Execute {
  const { template } = places[0] as Place
  const isFlat = places.length === 1
  return (frame) => {
    const document = { ...template } as Record<string, Value>
    const objects = isFlat ? undefined : objectsOf(document, places)
    let absent: Set<number> | undefined
    let index = 0
    try {
      for (; index < steps.length; index++) {
        const step = steps[index] as Step
        if (typeof step === 'function') {
          step(frame)
          continue
        }
        const value = step.evaluate(frame)
        if (isMarker(value)) {
          absent ??= new Set()
          absent.add(index)
        } else if (objects === undefined) document[step.key] = value
        else (objects[step.place] as Record<string, Value>)[step.key] = value
      }
    } catch (thrown) {
      throw failedStep(steps[index] as Step, thrown)
    }
    if (absent === undefined) {
      frame.root = document
      frame.rootIsAssigned = true
    } else fillPresent(frame, steps, objects ?? [document], absent)
  }
}

function objectsOf(
  document: Record<string, Value>,
  places: readonly Place[],
): readonly Record<string, Value>[] {
  const objects = [document]
  for (let index = 1; index < places.length; index++) {
    const { template, parent, key } = places[index] as Place
    const object = { ...template } as Record<string, Value>
    ;(objects[parent] as Record<string, Value>)[key] = object
    objects.push(object)
  }
  return objects
}

/** Where a value was deleted or nothing the document has another form than its template. */
function fillPresent(
  frame: Frame,
  steps: readonly Step[],
  objects: readonly ObjectValue[],
  absent: ReadonlySet<number>,
): void {
  for (const [index, step] of steps.entries()) {
    if (typeof step === 'function' || absent.has(index)) continue
    assignPath(frame, step.path, (objects[step.place] as ObjectValue)[step.key] ?? null)
    frame.rootIsAssigned = true
  }
}

function failedStep(step: Step, thrown: unknown): unknown {
  if (typeof step === 'function') return thrown
  return failedAssignment(
    step.line,
    thrown instanceof MappingError ? locate(thrown, step.label) : thrown,
  )
}

/** Throws on what is no failure of a mapping. */
export function failedAssignment(line: number, thrown: unknown): MappingError {
  const { message } = asMappingError(thrown)
  return new MappingError(`failed assignment (line ${line}): ${message}`, true)
}
