/** A whole tree becomes something that runs on a frame. */
import type { BloblangEnvironment } from '../environment.ts'
import { APPLY_DEPTH_MAX, type EvaluateWith, Frame } from '../frame.ts'
import type { MappingProblem } from '../mapping.ts'
import { MappingError } from '../mapping-error.ts'
import { Lines, problemAt } from '../syntax/cursor.ts'
import type { Expression, MapDefinition, MappingTree, Statement } from '../syntax/tree.ts'
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

export interface MappingText {
  readonly text: string
  readonly environment: BloblangEnvironment
  readonly problems: MappingProblem[]
  readonly mutating: boolean
}

export function compileTree(source: MappingText, tree: MappingTree): Execute {
  const compilation: Compilation = compilationOf(source)
  const { problems, text } = source
  const files = [...tree.imports, ...(tree.replacement === undefined ? [] : [tree.replacement])]
  for (const { at, path } of files.slice(0, PROBLEMS_MAX)) {
    problems.push(
      problemAt(text, at, `mapping file "${path}" cannot be read here`, {
        hint: 'Mappings of other files are not available; write its maps into this mapping.',
      }),
    )
  }
  for (const { name, at } of tree.maps) {
    if (compilation.maps.has(name) && problems.length < PROBLEMS_MAX) {
      problems.push(problemAt(text, at, `map \`${name}\` is defined twice`))
    }
    compilation.maps.set(name, { run: undefined })
  }
  for (const map of tree.maps) defineMap(compilation, map)
  return compileBody(scopeOf(compilation, tree.statements, false), tree.statements)
}

function compilationOf(source: MappingText): Compilation {
  return { ...source, lines: new Lines(source.text), maps: new Map<string, MapSlot>() }
}

/** A query on its own, as interpolation has it. */
export function compileQueryTree(source: MappingText, expression: Expression): Code {
  const compilation: Compilation = compilationOf(source)
  return compileExpression(scopeOf(compilation, [], false), expression)
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
    for (const branch of statement.branches) collectVariables(branch.body, variables)
    collectVariables(statement.otherwise ?? [], variables)
  }
}

/** A map has variables and a root of its own; its `this` is what it is applied to. */
function defineMap(compilation: Compilation, map: MapDefinition): void {
  const scope = scopeOf(compilation, map.body, true)
  if (map.body.length === 0)
    report(scope, map.at, `map \`${map.name}\` expected at least one statement, got none`)
  const execute = compileBody(scope, map.body)
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
