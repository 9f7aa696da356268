/** Methods that read and write formats. */
import type { MethodDefinition } from '../definition.ts'
import { encodeJson, encodeString } from '../values/encode-payload.ts'
import { sortedKeys } from '../values/key-order.ts'
import { expectText, expectValue, isArray, isObject } from '../values/kind-of.ts'
import { isValueNumber, makeFloat, numericOfText, toFloat } from '../values/number.ts'
import { parseDocumentText } from '../values/parse-document.ts'
import { setKey } from '../values/set-key.ts'
import { NumberText, type ObjectValue, type Value } from '../values/value.ts'
import { escapeHtml } from '../values/value-text.ts'
import { repeat } from './repeat.ts'

const parsing = { category: 'parsing', status: 'stable' } as const

export const parsingMethods: readonly MethodDefinition[] = [
  {
    name: 'parse_json',
    ...parsing,
    description:
      'The value of a JSON text. Numbers become floats, unless `use_number` keeps them as they are spelt.',
    parameters: [
      { name: 'use_number', type: 'bool', description: 'Keep numbers exactly.', default: false },
    ],
    examples: [
      { mapping: 'root = this.a.parse_json().b', input: '{"a":"{\\"b\\":[1]}"}', output: '[1]' },
      {
        mapping: 'root = "9007199254740993".parse_json(use_number: true)',
        output: '9007199254740993',
      },
      { mapping: 'root = "{".parse_json()', error: 'expected a JSON document' },
    ],
    build: (site) => {
      const exact = site.bool('use_number')
      return (target, frame) => {
        const value = parseDocumentText(expectText(target))
        return exact(frame) ? value : floats(value)
      }
    },
  },
  {
    name: 'format_json',
    ...parsing,
    description: 'The value as JSON, as bytes.',
    parameters: [
      {
        name: 'indent',
        type: 'string',
        description: 'What each level is indented with.',
        default: '    ',
      },
      { name: 'no_indent', type: 'bool', description: 'Write it on one line.', default: false },
      { name: 'escape_html', type: 'bool', description: 'Escape `<`, `>` and `&`.', default: true },
    ],
    examples: [
      {
        mapping: 'root = {"b":1,"a":["<"]}.format_json(no_indent: true)',
        output: '{"a":["\\u003c"],"b":1}',
      },
      { mapping: 'root = {"a":[1]}.format_json(indent: " ")', output: '{\n "a": [\n  1\n ]\n}' },
    ],
    build: (site) => {
      const indent = site.string('indent')
      const flat = site.bool('no_indent')
      const escaped = site.bool('escape_html')
      return (target, frame) => {
        const value = expectValue(target)
        const text = flat(frame) ? encodeJson(value) : indented(value, indent(frame), 0)
        return Buffer.from(escaped(frame) ? escapeHtml(text) : text)
      }
    },
  },
]

/** Everything that is a number becomes a float64; what an int64 would have kept is lost here. */
function floats(value: Value): Value {
  if (isValueNumber(value)) {
    return makeFloat(toFloat(value instanceof NumberText ? numericOfText(value.text) : value))
  }
  if (isArray(value)) return value.map(floats)
  if (!isObject(value)) return value
  const converted: ObjectValue = {}
  for (const [key, member] of Object.entries(value)) setKey(converted, key, floats(member))
  return converted
}

function indented(value: Value, indent: string, depth: number): string {
  const inner = repeat(indent, depth + 1)
  const wrap = (open: string, members: readonly string[], close: string): string =>
    `${open}\n${members.map((member) => inner + member).join(',\n')}\n${repeat(indent, depth)}${close}`
  if (isArray(value) && value.length > 0) {
    return wrap(
      '[',
      value.map((item) => indented(item, indent, depth + 1)),
      ']',
    )
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    const members = sortedKeys(value).map(
      (key) => `${encodeString(key)}: ${indented(value[key] ?? null, indent, depth + 1)}`,
    )
    return wrap('{', members, '}')
  }
  return encodeJson(value)
}
