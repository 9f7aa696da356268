/** JSONPath (RFC 9535): expressions that select from structures. */
import { createRequire } from 'node:module'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { expectValue, isArray, isObject } from '../values/kind-of.ts'
import { getKey } from '../values/set-key.ts'
import type { Value } from '../values/value.ts'
import { toPlain } from './plain-value.ts'

const require = createRequire(import.meta.url)

type JsonPath = typeof import('json-p3')

interface Selection {
  /** Selects one place at most, whatever the document. */
  readonly isSingular: boolean
  readonly places: (value: Value) => readonly (readonly (string | number)[])[]
}

function compileExpression(expression: string): Selection {
  const { jsonpath } = require('json-p3') as JsonPath
  const environment = new jsonpath.JSONPathEnvironment()
  // Both run native regular expressions, which a text can hold up for as long as it likes.
  environment.functionRegister.delete('match')
  environment.functionRegister.delete('search')
  const query = foreign('expected a JSONPath expression', () => environment.compile(expression))
  return {
    isSingular: query.singularQuery(),
    places: (value) =>
      foreign('expected a JSONPath expression that fits', () =>
        query.query(toPlain(value)).nodes.map(({ location }) => location),
      ),
  }
}

/** The value itself, and not what a library made of it. */
function valueAt(value: Value, place: readonly (string | number)[]): Value {
  let found: Value = value
  for (const step of place) {
    if (isArray(found)) found = found[Number(step)] ?? null
    else found = isObject(found) ? (getKey(found, String(step)) ?? null) : null
  }
  return found
}

export const jsonPathMethods: readonly MethodDefinition[] = [
  {
    name: 'json_path',
    category: 'objects and arrays',
    status: 'experimental',
    description:
      'What a JSONPath expression (RFC 9535) selects: an array, or the one value when the expression can select no more than one. The functions `match` and `search` are not available.',
    parameters: [{ name: 'expression', type: 'string', description: 'The expression.' }],
    examples: [
      {
        mapping: 'root = this.json_path("$..name")',
        input: '{"name":"a","b":{"name":12345678901234567890}}',
        output: '["a",12345678901234567890]',
      },
      {
        mapping: 'root = this.json_path("$.l[?(@.type == \'text\')].id")',
        input: '{"l":[{"type":"image","id":1},{"type":"text","id":2}]}',
        output: '[2]',
      },
      { mapping: 'root = this.json_path("$.a[0]")', input: '{"a":[5]}', output: '5' },
      { mapping: 'root = this.json_path("$[")', error: 'expected a JSONPath expression' },
    ],
    build: (site) => {
      const expression = site.derived('expression', compileExpression)
      return (target, frame) => {
        const value = expectValue(target)
        const { isSingular, places } = expression(frame)
        const found = places(value).map((place) => valueAt(value, place))
        return isSingular ? (found[0] ?? null) : found
      }
    },
  },
]
