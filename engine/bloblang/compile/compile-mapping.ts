/** A whole text, with the files that it names, becomes something that runs on a frame. */
import type { BloblangEnvironment } from '../environment.ts'
import { APPLY_DEPTH_MAX, type EvaluateWith, Frame } from '../frame.ts'
import type { MappingProblem } from '../mapping.ts'
import { MappingError } from '../mapping-error.ts'
import { Lines, type Position, problemAt, type Surprise } from '../syntax/cursor.ts'
import type { Expression, MapDefinition, Statement } from '../syntax/tree.ts'
import {
  type Code,
  type Compilation,
  type MapSlot,
  PROBLEMS_MAX,
  report,
  type Scope,
} from './code.ts'
import { compileExpression } from './compile-expression.ts'
import type { Execute } from './compile-fields.ts'
import { compileBody } from './compile-statement.ts'
import { type MappingUnit, toldWhereNamed } from './load-files.ts'

export interface MappingText {
  readonly text: string
  readonly environment: BloblangEnvironment
  readonly problems: MappingProblem[]
  readonly surprises: Surprise[]
  readonly mutating: boolean
  /** True where root begins as the document of another message than `this`. */
  readonly onto?: boolean
}

export function compileUnit(source: Omit<MappingText, 'text'>, unit: MappingUnit): Execute {
  const compilation = compilationOf({ ...source, text: unit.text }, new Map())
  defineMaps(compilation, unit)
  const { statements } = unit.tree
  return compileBody(scopeOf(compilation, statements, false), statements)
}

/** A text that maps any value, as a map of a mapping does. */
export function compileApplied(source: Omit<MappingText, 'text'>, unit: MappingUnit): EvaluateWith {
  const compilation = compilationOf({ ...source, text: unit.text }, new Map())
  defineMaps(compilation, unit)
  const { statements } = unit.tree
  return applyWith(compileBody(scopeOf(compilation, statements, true), statements))
}

function compilationOf(source: MappingText, maps: Map<string, MapSlot>): Compilation {
  return { ...source, lines: new Lines(source.text), maps }
}

/** A query on its own, as interpolation has it. */
export function compileQueryTree(source: MappingText, expression: Expression): Code {
  return compileExpression(scopeOf(compilationOf(source, new Map()), [], false), expression)
}

/** The maps of a text and of the files that it imports: all know each other. */
function defineMaps(compilation: Compilation, unit: MappingUnit): void {
  const { problems } = compilation
  declareMaps(compilation.maps, unit, (at, message) => {
    if (problems.length < PROBLEMS_MAX) problems.push(problemAt(unit.text, at, message))
  })
  defineImported(compilation, unit)
  for (const map of unit.tree.maps) defineMap(compilation, map)
}

function declareMaps(
  maps: Map<string, MapSlot>,
  unit: MappingUnit,
  complain: (at: Position, message: string) => void,
): void {
  for (const { unit: imported, path, at } of unit.imports) {
    declareMaps(maps, imported, (_, message) => complain(at, `mapping file "${path}": ${message}`))
  }
  for (const { name, at } of unit.tree.maps) {
    if (maps.has(name)) complain(at, `map \`${name}\` is defined twice`)
    maps.set(name, { run: undefined })
  }
}

/** Problems of a file are told where it is imported, and none of its warnings: who imports it cannot mend them. */
function defineImported(compilation: Compilation, unit: MappingUnit): void {
  for (const named of unit.imports) {
    const problems: MappingProblem[] = []
    const { text, tree } = named.unit
    const inner = compilationOf({ ...compilation, text, problems, surprises: [] }, compilation.maps)
    defineImported(inner, named.unit)
    for (const map of tree.maps) defineMap(inner, map)
    const room = Math.max(0, PROBLEMS_MAX - compilation.problems.length)
    const told = problems.slice(0, room).map((one) => toldWhereNamed(one, unit.text, named))
    compilation.problems.push(...told)
  }
}

function scopeOf(
  compilation: Compilation,
  statements: readonly Statement[],
  inMap: boolean,
): Scope {
  const variables = new Map<string, number>()
  collectVariables(statements, variables)
  return { compilation, contexts: [0], slots: 1, names: new Map(), variables, inMap }
}

function collectVariables(statements: readonly Statement[], variables: Map<string, number>): void {
  for (const statement of statements) {
    if (statement.kind === 'let' && !variables.has(statement.name)) {
      variables.set(statement.name, variables.size)
    }
    if (statement.kind !== 'if') continue
    for (const branch of statement.branches) collectVariables(branch.body.statements, variables)
    collectVariables(statement.otherwise?.statements ?? [], variables)
  }
}

/** A map has variables and a root of its own; its `this` is what it is applied to. */
function defineMap(compilation: Compilation, map: MapDefinition): void {
  const scope = scopeOf(compilation, map.body.statements, true)
  if (map.body.statements.length === 0)
    report(scope, map.at, `map \`${map.name}\` expected at least one statement, got none`)
  const execute = compileBody(scope, map.body.statements)
  const slot = compilation.maps.get(map.name)
  if (slot !== undefined) slot.run = applyWith(execute)
}

function applyWith(execute: Execute): EvaluateWith {
  return (outer, context) => {
    const { run } = outer
    if (run.applyDepth >= APPLY_DEPTH_MAX) {
      throw new MappingError(`expected maps to be applied at most ${APPLY_DEPTH_MAX} levels deep`)
    }
    const frame = new Frame(run)
    frame.contexts[0] = context
    run.step(1)
    run.applyDepth++
    try {
      execute(frame)
    } finally {
      run.applyDepth--
    }
    return frame.root
  }
}
