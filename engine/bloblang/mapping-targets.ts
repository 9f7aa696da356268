/**
 * Which parts of a document and of its metadata a mapping reads and writes, told from its text alone.
 *
 * It errs on both sides where a text leaves it open: what is read through a variable, a map or a computed name is not
 * seen. Whoever orders work by it offers a way to say the order.
 */
import { SyntaxProblem } from './syntax/cursor.ts'
import { parseMapping } from './syntax/parse-mapping.ts'
import type { Argument, Expression, LambdaExpression, Statement } from './syntax/tree.ts'
import { splitPath } from './values/dot-path.ts'

export interface MappingTarget {
  readonly of: 'document' | 'metadata'
  /** Empty is all of it. */
  readonly path: readonly string[]
}

export interface MappingTargets {
  readonly reads: readonly MappingTarget[]
  readonly writes: readonly MappingTarget[]
}

/** None where the text does not parse. */
export function mappingTargets(mapping: string): MappingTargets {
  const collected = new Targets()
  try {
    for (const statement of parseMapping(mapping).statements) collected.statement(statement)
  } catch (thrown) {
    if (!(thrown instanceof SyntaxProblem)) throw thrown
    return { reads: [], writes: [] }
  }
  return collected
}

/** Where in the document a value is; undefined where that is not known. */
type Path = readonly string[] | undefined

interface Context {
  readonly self: Path
  /** Named by lambdas. */
  readonly names: ReadonlyMap<string, Path>
}

/** Methods in whose arguments `this` is an element, or the value itself, and not what is outside. */
const INWARD = new Set([
  'all',
  'any',
  'apply',
  'filter',
  'find_all_by',
  'find_by',
  'fold',
  'key_values',
  'map',
  'map_each',
  'map_each_key',
  'sort',
  'sort_by',
  'unique',
])
const METADATA_FUNCTIONS = new Set(['meta', 'metadata', 'root_meta'])

class Targets implements MappingTargets {
  readonly reads: MappingTarget[] = []
  readonly writes: MappingTarget[] = []

  statement(statement: Statement): void {
    if (statement.kind === 'if') {
      for (const { condition, body } of statement.branches) {
        this.#use(condition, OUTSIDE)
        for (const inner of body.statements) this.statement(inner)
      }
      for (const inner of statement.otherwise?.statements ?? []) this.statement(inner)
      return
    }
    this.#use(statement.value, OUTSIDE)
    if (statement.kind === 'root') this.writes.push({ of: 'document', path: statement.path })
    if (statement.kind === 'meta') {
      const path = statement.name === undefined ? [] : [statement.name]
      this.writes.push({ of: 'metadata', path })
    }
  }

  /** The value is taken as it is: all beneath its path counts as read. */
  #use(expression: Expression, context: Context): Path {
    const path = this.#visit(expression, context)
    if (path !== undefined) this.reads.push({ of: 'document', path })
    return path
  }

  #visit(expression: Expression, context: Context): Path {
    switch (expression.kind) {
      case 'this':
        return context.self
      case 'word':
        if (context.names.has(expression.name)) return context.names.get(expression.name)
        return context.self && [...context.self, expression.name]
      case 'metadata':
        this.#metadata(expression.name)
        return undefined
      case 'field': {
        const path = this.#visit(expression.target, context)
        return path && [...path, expression.name]
      }
      case 'bracket': {
        const self = this.#use(expression.target, context)
        this.#use(expression.query, { ...context, self })
        return undefined
      }
      case 'method': {
        const self = this.#use(expression.target, context)
        const inward = INWARD.has(expression.name) ? { ...context, self } : context
        for (const { value } of expression.arguments) {
          if (value.kind === 'lambda') this.#lambda(value, context, self)
          else this.#use(value, inward)
        }
        return undefined
      }
      case 'function':
        this.#call(expression.name, expression.arguments, context)
        return undefined
      default:
        for (const child of childrenOf(expression)) this.#use(child, context)
        if (expression.kind === 'match') this.#match(expression, context)
        return undefined
    }
  }

  /** `name -> body` names what the method gives it, and `this` in its body is the one outside. */
  #lambda({ parameter, body }: LambdaExpression, context: Context, element: Path): void {
    const names = new Map(context.names).set(parameter, element)
    this.#use(body, { ...context, names })
  }

  #match({ subject, cases }: Extract<Expression, { kind: 'match' }>, context: Context): void {
    const self = subject === undefined ? context.self : this.#use(subject, context)
    for (const { check, value } of cases) {
      if (check !== undefined) this.#use(check, { ...context, self })
      this.#use(value, { ...context, self })
    }
  }

  #call(name: string, given: readonly Argument[], context: Context): void {
    const [first] = given
    const text = first?.value.kind === 'literal' ? first.value.value : undefined
    if (METADATA_FUNCTIONS.has(name)) this.#metadata(typeof text === 'string' ? text : '')
    if (name === 'json') {
      const path = typeof text === 'string' && text !== '' ? splitPath(text) : []
      this.reads.push({ of: 'document', path })
    }
    if (name === 'content') this.reads.push({ of: 'document', path: [] })
    for (const { value } of given) this.#use(value, context)
  }

  #metadata(name: string): void {
    this.reads.push({ of: 'metadata', path: name === '' ? [] : [name] })
  }
}

const OUTSIDE: Context = { self: [], names: new Map() }

function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'array':
      return expression.items
    case 'object':
      return expression.entries.flatMap(({ key, value }) => [key, value])
    case 'unary':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'if': {
      const { branches, otherwise } = expression
      const all = branches.flatMap(({ condition, value }) => [condition, value])
      return otherwise === undefined ? all : [...all, otherwise]
    }
    case 'lambda':
      return [expression.body]
    default:
      return []
  }
}
