/** Statements: what is assigned where. */
import type { Evaluate, Frame } from '../frame.ts'
import { asMappingError, MappingError } from '../mapping-error.ts'
import type { Expression, IfStatement, Statement } from '../syntax/tree.ts'
import { isObject, kindOf } from '../values/kind-of.ts'
import { DELETED, NOTHING, type Result } from '../values/result.ts'
import { assignPath, deletePath } from './assign-path.ts'
import { located, type Scope } from './code.ts'
import { compileExpression } from './compile-expression.ts'
import { compileFields, type Execute, failedAssignment } from './compile-fields.ts'
import { strictCondition } from './operators.ts'

/** All statements of a mapping or a map. */
export function compileBody(scope: Scope, statements: readonly Statement[]): Execute {
  return (
    compileFields(scope, statements, (statement) => compileStatement(scope, statement)) ??
    compileStatements(scope, statements)
  )
}

function compileStatements(scope: Scope, statements: readonly Statement[]): Execute {
  const executes = statements.map((statement) => compileStatement(scope, statement))
  return (frame) => {
    for (let index = 0; index < executes.length; index++) (executes[index] as Execute)(frame)
  }
}

function compileStatement(scope: Scope, statement: Statement): Execute {
  if (statement.kind === 'if') return compileIfStatement(scope, statement)
  const line = scope.compilation.lines.at(statement.at)
  const evaluate = located(compileExpression(scope, statement.value))
  const assign = assignment(scope, statement)
  return (frame) => {
    try {
      const value = evaluate(frame)
      if (value !== NOTHING) assign(frame, value)
    } catch (thrown) {
      throw failedAssignment(line, thrown)
    }
  }
}

type Assign = (frame: Frame, value: Result) => void

function assignment(scope: Scope, statement: Exclude<Statement, IfStatement>): Assign {
  switch (statement.kind) {
    case 'let': {
      const slot = scope.variables.get(statement.name) ?? 0
      return (frame, value) => {
        frame.variables[slot] = typeof value === 'symbol' ? undefined : value
      }
    }
    case 'meta':
      return statement.name === undefined ? assignAllMetadata : metadataAssign(statement.name)
    case 'root':
      return statement.path.length === 0 ? assignRoot : pathAssign(statement.path)
  }
}

function assignRoot(frame: Frame, value: Result): void {
  frame.root = value
  frame.rootIsPending = false
  frame.rootIsAssigned = true
  frame.share()
}

function pathAssign(path: readonly string[]): Assign {
  return (frame, value) => {
    frame.readRoot()
    if (value === DELETED) deletePath(frame, path)
    else if (value !== NOTHING) assignPath(frame, path, value)
    frame.rootIsAssigned = true
  }
}

function metadataAssign(name: string): Assign {
  return (frame, value) => {
    if (typeof value === 'symbol') frame.run.writableMetadata().delete(name)
    else frame.run.writableMetadata().set(name, value)
  }
}

function assignAllMetadata(frame: Frame, value: Result): void {
  if (value === DELETED) {
    frame.run.metadata = new Map()
  } else if (isObject(value)) {
    frame.run.metadata = new Map(Object.entries(value))
  } else {
    throw new MappingError(
      `setting root meta object requires object value, received: ${kindOf(value)}`,
    )
  }
}

function compileIfStatement(scope: Scope, statement: IfStatement): Execute {
  const branches = statement.branches.map((branch) => ({
    check: compileCondition(scope, branch.condition),
    run: compileStatements(scope, branch.body.statements),
  }))
  const { otherwise } = statement
  const fallback =
    otherwise === undefined ? undefined : compileStatements(scope, otherwise.statements)
  return (frame) => {
    for (const { check, run } of branches) {
      if (check(frame)) return run(frame)
    }
    return fallback?.(frame)
  }
}

function compileCondition(scope: Scope, condition: Expression): (frame: Frame) => boolean {
  const compiled = compileExpression(scope, condition)
  const evaluate: Evaluate = located(compiled)
  const line = scope.compilation.lines.at(condition.at)
  return (frame) => {
    try {
      return strictCondition(evaluate(frame), compiled.label)
    } catch (thrown) {
      throw new MappingError(
        `failed to check if condition (line ${line}): ${asMappingError(thrown).message}`,
        true,
      )
    }
  }
}
