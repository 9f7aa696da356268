/** Methods that read and write formats. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { encodeJson, encodeString, sortedKeys } from '../values/encode-payload.ts'
import { expectText, expectValue, isArray, isObject } from '../values/kind-of.ts'
import {
  INT64_MAX,
  isValueNumber,
  makeFloat,
  makeInteger,
  numericOfText,
  toFloat,
} from '../values/number.ts'
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
  {
    name: 'parse_duration',
    category: 'time',
    status: 'stable',
    description: 'The nanoseconds of a duration such as `1h30m` or `1.5s`.',
    parameters: [],
    examples: [
      { mapping: 'root = "1m1.5s".parse_duration()', output: '61500000000' },
      { mapping: 'root = "5 minutes".parse_duration()', error: 'expected a duration' },
    ],
    build: () => (target) => parseDuration(expectText(target)),
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

const UNIT_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const DURATION = /^([+-]?)((?:\d{1,18}(?:\.\d{0,18})?(?:ns|us|µs|μs|ms|s|m|h))+|0)$/

function parseDuration(text: string): Value {
  const match = DURATION.exec(text)
  if (match === null) throw new MappingError(`expected a duration such as 1h30m, got "${text}"`)
  let total = 0n
  for (const [, whole = '0', fraction = '', unit = 'ns'] of (match[2] ?? '').matchAll(
    /(\d+)(?:\.(\d*))?([a-zµμ]+)/g,
  )) {
    const scale = UNIT_NS[unit] ?? 1n
    total += BigInt(whole) * scale
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  if (total > INT64_MAX)
    throw new MappingError(`expected a duration of at most 292 years, got "${text}"`)
  return makeInteger(match[1] === '-' ? -total : total)
}
