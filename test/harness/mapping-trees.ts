/** Random trees of the grammar, for tests that hold printing, compiling and running to their laws. */
import fc from 'fast-check'
import type { Body, Expression, MappingTree, Statement } from '../../engine/bloblang/syntax/tree.ts'
import { IntegralFloat, type Value } from '../../engine/bloblang/values/value.ts'

const PLACE = { at: 0, end: 0 }
const NODE = { at: 0, height: 1 }

const NAMES = ['a', 'b', 'value', 'key', 'n1', 'x_y']
const word = fc.constantFrom(...NAMES)
const name = fc.oneof(word, fc.constantFrom('0', 'a b', '', 'é', '"', '__proto__'))
const literal: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 9007199254740993n, new IntegralFloat(5), 0.1, 1e-7),
  fc.nat(),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('', 'a\nb', '\\', '"""', '\u0000', '\u007f'),
)

const METHODS = [
  'uppercase',
  'string',
  'length',
  'map_each',
  'filter',
  'keys',
  'or',
  'catch',
  'sort',
]
const FUNCTIONS = ['deleted', 'nothing', 'now', 'content', 'json', 'range', 'throw']
const OPERATORS = [
  ...(['*', '/', '%', '|', '+', '-', '==', '!='] as const),
  ...(['>', '>=', '<', '<=', '&&', '||'] as const),
]

export const anyExpression: fc.Arbitrary<Expression> = fc.letrec<{
  any: Expression
  leaf: Expression
}>((tie) => {
  const leaf: fc.Arbitrary<Expression> = fc.oneof(
    literal.map((value) => ({ ...NODE, kind: 'literal', value }) as const),
    fc.constantFrom(
      { ...NODE, kind: 'this', name: 'this' } as const,
      { ...NODE, kind: 'root', name: 'root' } as const,
    ),
    word.map((one) => ({ ...NODE, kind: 'variable', name: one }) as const),
    name.map((one) => ({ ...NODE, kind: 'metadata', name: one }) as const),
    word.map((one) => ({ ...NODE, kind: 'word', name: one }) as const),
  )
  const any = tie('any')
  const given = fc.oneof(
    fc
      .array(any, { maxLength: 2 })
      .map((values) => values.map((value) => ({ name: undefined, value, at: 0 }))),
    fc
      .uniqueArray(word, { maxLength: 2 })
      .chain((names) =>
        fc.tuple(...names.map((one) => any.map((value) => ({ name: one, value, at: 0 })))),
      ),
  )
  const entries = fc.array(fc.record({ key: any, value: any }), { maxLength: 3 })
  const branch = fc.record({ condition: any, value: any })
  return {
    leaf,
    any: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      leaf,
      fc.array(any, { maxLength: 3 }).map((items) => ({ ...NODE, kind: 'array', items }) as const),
      entries.map((all) => ({ ...NODE, kind: 'object', entries: all }) as const),
      fc.tuple(any, name).map(([target, one]) => fieldOf(target, one)),
      fc
        .tuple(any, fc.constantFrom(...METHODS), given)
        .map(
          ([target, one, all]) =>
            ({ ...NODE, kind: 'method', target, name: one, arguments: all }) as const,
        ),
      fc
        .tuple(fc.constantFrom(...FUNCTIONS), given)
        .map(([one, all]) => ({ ...NODE, kind: 'function', name: one, arguments: all }) as const),
      fc
        .tuple(any, any)
        .map(([target, query]) => ({ ...NODE, kind: 'bracket', target, query }) as const),
      fc
        .tuple(fc.constantFrom('_', ...NAMES), any)
        .map(([parameter, body]) => ({ ...NODE, kind: 'lambda', parameter, body }) as const),
      fc
        .tuple(fc.constantFrom('!' as const, '-' as const), any)
        .map(([operator, operand]) => ({ ...NODE, kind: 'unary', operator, operand }) as const),
      fc
        .tuple(fc.constantFrom(...OPERATORS), any, any)
        .map(
          ([operator, left, right]) =>
            ({ ...NODE, kind: 'binary', operator, left, right }) as const,
        ),
      fc
        .tuple(fc.array(branch, { minLength: 1, maxLength: 2 }), fc.option(any, { nil: undefined }))
        .map(([branches, otherwise]) => ({ ...NODE, kind: 'if', branches, otherwise }) as const),
      fc
        .tuple(
          fc.option(any, { nil: undefined }),
          fc.array(fc.record({ check: fc.option(any, { nil: undefined }), value: any }), {
            minLength: 1,
            maxLength: 3,
          }),
        )
        .map(([subject, cases]) => ({ ...NODE, kind: 'match', subject, cases }) as const),
    ),
  }
}).any

/** `@.name` reads as `@name`, so that a field of all metadata cannot be told from a key of it. */
function fieldOf(target: Expression, one: string): Expression {
  return { ...NODE, kind: 'field', target, name: one }
}

const flatStatement: fc.Arbitrary<Statement> = fc.oneof(
  fc
    .tuple(fc.array(name, { maxLength: 2 }), anyExpression)
    .map(([path, value]) => ({ ...PLACE, kind: 'root', path, value }) as const),
  fc
    .tuple(word, anyExpression)
    .map(([one, value]) => ({ ...PLACE, kind: 'let', name: one, value }) as const),
)
const meta: fc.Arbitrary<Statement> = fc
  .tuple(fc.option(name, { nil: undefined }), anyExpression)
  .map(([one, value]) => ({ ...PLACE, kind: 'meta', name: one, value }) as const)

function bodyOf(statement: fc.Arbitrary<Statement>): fc.Arbitrary<Body> {
  return fc.array(statement, { maxLength: 2 }).map((statements) => ({ ...PLACE, statements }))
}

function ifOf(statement: fc.Arbitrary<Statement>): fc.Arbitrary<Statement> {
  const branch = fc.record({ condition: anyExpression, body: bodyOf(statement) })
  return fc
    .tuple(
      fc.array(branch, { minLength: 1, maxLength: 2 }),
      fc.option(bodyOf(statement), { nil: undefined }),
    )
    .map(([branches, otherwise]) => ({ ...PLACE, kind: 'if', branches, otherwise }) as const)
}

const statement = fc.oneof(flatStatement, meta, ifOf(fc.oneof(flatStatement, meta)))
const mapBody = bodyOf(fc.oneof(flatStatement, ifOf(flatStatement)))

export const anyTree: fc.Arbitrary<MappingTree> = fc
  .record({
    statements: fc.array(statement, { minLength: 1, maxLength: 4 }),
    maps: fc.array(
      fc.tuple(word, mapBody).map(([one, body]) => ({ ...PLACE, name: one, body })),
      { maxLength: 2 },
    ),
    imports: fc.array(
      fc.string({ maxLength: 5 }).map((path) => ({ ...PLACE, path })),
      { maxLength: 1 },
    ),
  })
  .map((parts) => ({
    ...parts,
    replacement: undefined,
    comments: [],
    isQuery: false,
    surprises: [],
  }))
