/**
 * Syslog as RFC 5424 has it:
 *
 *   <PRI>VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP MSG]
 *
 * `-` stands for a part that is not there. Structured data are elements `[id name="value" …]` with `"`, `\` and `]` in a
 * value behind a backslash. A byte order mark before the message says that it is UTF-8.
 */
import { setKey } from '../../bloblang/values/set-key.ts'
import { formatTimestamp, parseRfc3339 } from '../../bloblang/values/timestamp.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { LogFault, type LogReader, type ParsedLog, readLog, readPriority } from './log-document.ts'

const VERSION = /([1-9]\d{0,2})/y
const SPACE = / /y
const TIMESTAMP = /-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)/y
const ELEMENT = /\[([!#-<>-\\^-~]{1,32})/y
const PARAMETER = / ([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\[\s\S])*)"/y
const CLOSED = /\]/y
const NOTHING = /-/y
const ESCAPED = /\\(["\\\]])/g

/** The parts that are a word each, and how long they may be. */
const WORDS = [
  { name: 'hostname', expression: /[!-~]{1,255}/y },
  { name: 'appname', expression: /[!-~]{1,48}/y },
  { name: 'procid', expression: /[!-~]{1,128}/y },
  { name: 'msgid', expression: /[!-~]{1,32}/y },
] as const

export function parseRfc5424(text: string): ParsedLog {
  return readLog(text, (reader, fields) => {
    readPriority(reader, fields)
    fields['version'] = Number(reader.expect(VERSION, 'a version such as 1')[1])
    reader.expect(SPACE, 'a blank')
    const [time] = reader.expect(TIMESTAMP, 'a time as in RFC 3339, or -')
    if (time !== '-') fields['timestamp'] = timestampOf(time)
    for (const { name, expression } of WORDS) {
      reader.expect(SPACE, 'a blank')
      const [word] = reader.expect(expression, `the ${name}, or -`)
      if (word !== '-') fields[name] = word
    }
    reader.expect(SPACE, 'a blank')
    readStructuredData(reader, fields)
    if (reader.ended) return
    reader.expect(SPACE, 'a blank')
    fields['message'] = reader.rest.replace(/^\ufeff/, '')
  })
}

function timestampOf(text: string): string {
  const time = parseRfc3339(text)
  if (time === undefined) throw new LogFault(`expected a time that a clock shows, got ${text}`)
  return formatTimestamp(time)
}

function readStructuredData(reader: LogReader, fields: Record<string, Value>): void {
  if (reader.take(NOTHING) !== undefined) return
  const elements: Record<string, Value> = {}
  let element = reader.expect(ELEMENT, 'structured data such as [id name="value"], or -')
  for (;;) {
    const parameters: Record<string, Value> = {}
    for (let found = reader.take(PARAMETER); found !== undefined; found = reader.take(PARAMETER)) {
      setKey(parameters, found[1] ?? '', (found[2] ?? '').replace(ESCAPED, '$1'))
    }
    reader.expect(CLOSED, 'a parameter such as name="value", or ]')
    setKey(elements, element[1] ?? '', parameters)
    const next = reader.take(ELEMENT)
    if (next === undefined) break
    element = next
  }
  fields['structureddata'] = elements
}
