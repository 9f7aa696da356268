/**
 * Bloblang: texts become mappings, queries and interpolated strings.
 *
 * A text is parsed (syntax/), checked and turned into closures (compile/) once; functions/ and methods/ hold what it
 * can call, values/ what it works on. All problems that can be found are reported together; only a syntax error hides
 * what comes after it.
 */
import { type Code, located, PROBLEMS_MAX } from './compile/code.ts'
import type { Execute } from './compile/compile-fields.ts'
import { compileQueryTree, compileUnit, type MappingText } from './compile/compile-mapping.ts'
import { loadMapping, type MappingUnit, toldWhereNamed } from './compile/load-files.ts'
import type { BloblangEnvironment } from './environment.ts'
import { Frame, Run } from './frame.ts'
import {
  type Compiled,
  FILTERED,
  type Interpolation,
  type Mapping,
  type MappingProblem,
  type MappingResult,
  type MappingSource,
  type Overlay,
  type Query,
  UNCHANGED,
} from './mapping.ts'
import { asMappingError, MappingError } from './mapping-error.ts'
import {
  Cursor,
  MAPPING_LENGTH_MAX,
  problemAt,
  type Surprise,
  SyntaxProblem,
} from './syntax/cursor.ts'
import { parseExpression } from './syntax/parse-expression.ts'
import { kindOf, mismatch } from './values/kind-of.ts'
import { preparePayload } from './values/prepare-payload.ts'
import { DELETED, isMarker, NOTHING } from './values/result.ts'
import type { Value } from './values/value.ts'
import { valueText } from './values/value-text.ts'

export type { BloblangEnvironment } from './environment.ts'
export { MappingError } from './mapping-error.ts'

export function compileMapping(text: string, environment: BloblangEnvironment): Compiled<Mapping> {
  return attempt(text, (notes) => {
    const { unit, execute: mapping } = compileText(text, environment, notes)
    // Most mappings are run one way only, so the other form is made when it is first asked for.
    let mutation: Execute | undefined
    return {
      map: (batch, index) => payload(run(mapping, new Frame(new Run(environment, batch, index)))),
      mutate: (batch, index) => {
        mutation ??= compileUnit({ environment, mutating: true, problems: [], surprises: [] }, unit)
        const frame = new Frame(new Run(environment, batch, index))
        frame.rootIsPending = true
        return payload(run(mutation, frame))
      },
    }
  })
}

export function compileOverlay(text: string, environment: BloblangEnvironment): Compiled<Overlay> {
  return attempt(text, (notes) => {
    const { unit } = compileText(text, environment, notes)
    const source = { environment, mutating: false, onto: true, problems: [], surprises: [] }
    const execute = compileUnit(source, unit)
    return {
      onto: (batch, index, target) => {
        const frame = new Frame(new Run(environment, batch, index, target))
        frame.rootIsPending = true
        return payload(run(execute, frame))
      },
    }
  })
}

interface Notes {
  readonly problems: MappingProblem[]
  readonly surprises: Surprise[]
}

/** Reads the text and the files that it names, and compiles them; everything that is wrong is noted. */
function compileText(
  text: string,
  environment: BloblangEnvironment,
  { problems, surprises }: Notes,
): { readonly unit: MappingUnit; readonly execute: Execute } {
  const { unit, replacement, problems: found } = loadMapping(text, environment.files)
  for (const { at, message, hint } of found.slice(0, PROBLEMS_MAX)) {
    problems.push(problemAt(text, at, message, hint === undefined ? {} : { hint }))
  }
  if (replacement === undefined) {
    surprises.push(...unit.tree.surprises)
    return {
      unit,
      execute: compileUnit({ environment, mutating: false, problems, surprises }, unit),
    }
  }
  const inFile: MappingProblem[] = []
  const source = { environment, mutating: false, problems: inFile, surprises: [] }
  const execute = compileUnit(source, unit)
  problems.push(...inFile.map((one) => toldWhereNamed(one, text, replacement)))
  return { unit, execute }
}

function run(execute: Execute, frame: Frame): MappingResult {
  try {
    execute(frame)
    frame.run.endSteps()
  } catch (thrown) {
    throw asMappingError(thrown)
  }
  const { root } = frame
  const { metadata } = frame.run
  if (!frame.rootIsAssigned || root === NOTHING) return { root: UNCHANGED, metadata }
  return { root: root === DELETED ? FILTERED : root, metadata }
}

/** A root that no message can carry is a failure of the mapping, and not of whoever prints it later. */
function payload(result: MappingResult): MappingResult {
  const { root, metadata } = result
  if (typeof root === 'symbol') return result
  try {
    return { root, metadata, prepared: preparePayload(root) }
  } catch (thrown) {
    throw asMappingError(thrown)
  }
}

/** A query that may be a whole mapping too, whose root is then the value. */
export function compileQuery(text: string, environment: BloblangEnvironment): Compiled<Query> {
  return attempt(text, (notes) => {
    const { execute } = compileText(text, environment, notes)
    const value = (batch: readonly MappingSource[], index: number): Value => {
      const { root } = run(execute, new Frame(new Run(environment, batch, index)))
      if (root === UNCHANGED) throw new MappingError('expected a value, got nothing')
      if (root === FILTERED) throw new MappingError('expected a value, got deleted()')
      return root
    }
    const test = (batch: readonly MappingSource[], index: number): boolean => {
      const verdict = value(batch, index)
      if (typeof verdict === 'boolean') return verdict
      throw new MappingError(mismatch('bool', verdict).message)
    }
    return { value, test }
  })
}

type Part = string | Code

/** `${! query }` within a text; `${{! … }}` stands for a literal `${! … }`. */
export function compileInterpolation(
  text: string,
  environment: BloblangEnvironment,
): Compiled<Interpolation> {
  return attempt(text, (notes) => {
    const parts = parseParts({ text, environment, mutating: false, ...notes })
    const constants = parts.filter((part) => typeof part === 'string')
    const constant = constants.length === parts.length ? constants.join('') : undefined
    const steps = parts.map((part) =>
      typeof part === 'string' ? part : { evaluate: located(part), label: part.label },
    )
    return {
      constant,
      text: (batch, index) => {
        if (constant !== undefined) return constant
        const frame = new Frame(new Run(environment, batch, index))
        let joined = ''
        try {
          for (const step of steps) {
            if (typeof step === 'string') joined += step
            else {
              const value = step.evaluate(frame)
              if (isMarker(value))
                throw new MappingError(`expected a value from ${step.label}, got ${kindOf(value)}`)
              joined += valueText(value)
            }
          }
        } catch (thrown) {
          throw asMappingError(thrown)
        }
        return joined
      },
    }
  })
}

const OPENING = /\$\{(?:\{(![^\n]*?)\}\}|!)/g

function parseParts(source: MappingText): readonly Part[] {
  const { text, surprises } = source
  const parts: Part[] = []
  let from = 0
  for (;;) {
    OPENING.lastIndex = from
    const match = OPENING.exec(text)
    parts.push(text.slice(from, match?.index))
    if (match === null) return parts
    if (match[1] !== undefined) {
      parts.push(`\${${match[1]}}`)
      from = match.index + match[0].length
      continue
    }
    const cursor = new Cursor(text)
    cursor.at = match.index + match[0].length
    cursor.skipBlank()
    const expression = parseExpression(cursor)
    cursor.skipBlank()
    if (!cursor.take('}'))
      cursor.fail('`}` after the query', cursor.at, '`${!` opens a query that `}` closes.')
    parts.push(compileQueryTree(source, expression))
    surprises.push(...cursor.surprises)
    from = cursor.at
  }
}

/** Problems are data; whatever else is thrown is a defect of ours. */
function attempt<T>(text: string, compile: (notes: Notes) => T): Compiled<T> {
  const surprises: Surprise[] = []
  const problems: MappingProblem[] = []
  if (text.length > MAPPING_LENGTH_MAX) {
    const message = `expected a mapping of at most ${MAPPING_LENGTH_MAX} characters, got ${text.length}`
    return { ok: false, problems: [{ line: 1, column: 1, message }] }
  }
  try {
    const value = compile({ problems, surprises })
    if (problems.length > 0) return { ok: false, problems: inOrder(problems) }
    const warnings = surprises.map(({ at, message, hint }) =>
      problemAt(text, at, message, { hint }),
    )
    return { ok: true, value, warnings: inOrder(warnings) }
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      return {
        ok: false,
        problems: [{ line: 1, column: 1, message: 'the mapping is nested too deeply' }],
      }
    }
    if (!(thrown instanceof SyntaxProblem)) throw thrown
    const { at, message, expected, hint } = thrown
    const found = new Cursor(text).found(at)
    return {
      ok: false,
      problems: [
        problemAt(text, at, message, {
          found,
          ...(expected === undefined ? {} : { expected }),
          ...(hint === undefined ? {} : { hint }),
        }),
      ],
    }
  }
}

/** By place, each once: an expression may have been looked at more than once. */
function inOrder(problems: readonly MappingProblem[]): MappingProblem[] {
  const byKey = new Map(
    problems.map((problem) => [`${problem.line}:${problem.column}:${problem.message}`, problem]),
  )
  return [...byKey.values()].sort(
    (first, second) => first.line - second.line || first.column - second.column,
  )
}
