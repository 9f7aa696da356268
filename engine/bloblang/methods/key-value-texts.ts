/** Methods that read texts of names and values: URLs, forms and log lines. */
import type { MethodDefinition } from '../definition.ts'
import { percentDecode } from '../formats/escapes.ts'
import { parseUrl } from '../formats/parse-url.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { getKey, setKey } from '../values/set-key.ts'
import type { ObjectValue } from '../values/value.ts'

const parsing = { category: 'parsing', status: 'stable', parameters: [] } as const

export const keyValueTextMethods: readonly MethodDefinition[] = [
  {
    name: 'parse_url',
    ...parsing,
    description:
      'The parts of a URL: scheme, opaque, host, path, raw_path, raw_query, fragment, raw_fragment, and user with name and password when there is one.',
    examples: [
      {
        mapping: 'root = "amqp://a:b@localhost:5672/x?y=1#z".parse_url()',
        output:
          '{"fragment":"z","host":"localhost:5672","opaque":"","path":"/x","raw_fragment":"","raw_path":"","raw_query":"y=1","scheme":"amqp","user":{"name":"a","password":"b"}}',
      },
      {
        mapping: 'root = "http://h/%zz".parse_url()',
        error: 'parse "http://h/%zz": invalid URL escape "%zz"',
      },
    ],
    build: () => (target) => parseUrl(expectText(target)),
  },
  {
    name: 'parse_form_url_encoded',
    ...parsing,
    description: 'The fields of an encoded form or query; those of one name are an array.',
    examples: [
      {
        mapping: 'root = "a=1&b=x+y&b=%C3%BC&c".parse_form_url_encoded()',
        output: '{"a":"1","b":["x y","ü"],"c":""}',
      },
      { mapping: 'root = "a=%".parse_form_url_encoded()', error: 'invalid URL escape "%"' },
    ],
    build: () => (target) => parseForm(expectText(target)),
  },
  {
    name: 'parse_logfmt',
    ...parsing,
    description: 'The pairs of a line of logfmt, all as texts. A name alone has an empty value.',
    examples: [
      {
        mapping: 'root = this.line.parse_logfmt()',
        input: '{"line":"level=info msg=\\"all \\\\\\"good\\\\\\"\\" took=5ms done"}',
        output: '{"done":"","level":"info","msg":"all \\"good\\"","took":"5ms"}',
      },
      { mapping: 'root = "=a".parse_logfmt()', error: 'expected a name in logfmt at character 1' },
    ],
    build: () => (target) => parseLogfmt(expectText(target)),
  },
]

function parseForm(text: string): ObjectValue {
  const fields: ObjectValue = {}
  for (const pair of text.split('&')) {
    if (pair === '') continue
    if (pair.includes(';')) throw new MappingError('invalid semicolon separator in query')
    const at = pair.indexOf('=')
    const key = percentDecode(at === -1 ? pair : pair.slice(0, at), true)
    const value = at === -1 ? '' : percentDecode(pair.slice(at + 1), true)
    const present = getKey(fields, key)
    if (present === undefined) setKey(fields, key, value)
    else if (Array.isArray(present)) present.push(value)
    else setKey(fields, key, [present, value])
  }
  return fields
}

/** A name, and perhaps an equals sign and a value that is bare or quoted with the escapes of JSON. */
const PAIR = /([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s="]*)))?(?=\s|$)/suy

function parseLogfmt(line: string): ObjectValue {
  const pairs: ObjectValue = {}
  let at = 0
  for (;;) {
    while (/\s/.test(line[at] ?? '')) at++
    if (at >= line.length) return pairs
    PAIR.lastIndex = at
    const match = PAIR.exec(line)
    if (match === null) {
      throw new MappingError(`expected a name in logfmt at character ${at + 1}`)
    }
    const [whole, name = '', quoted, bare = ''] = match
    setKey(pairs, name, quoted === undefined ? bare : unescapeJson(quoted, at))
    at += whole.length
  }
}

function unescapeJson(text: string, at: number): string {
  try {
    return JSON.parse(`"${text.replace(/\p{Cc}/gu, escapeControl)}"`) as string
  } catch {
    throw new MappingError(`expected a quoted value in logfmt after character ${at + 1}`)
  }
}

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
