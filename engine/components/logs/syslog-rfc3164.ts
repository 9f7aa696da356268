/**
 * Syslog as BSD had it, which RFC 3164 describes:
 *
 *   <PRI>Mmm dd hh:mm:ss HOSTNAME TAG[PID]: MESSAGE
 *
 * The time has neither year nor zone: both come from the config. Without a tag all behind the host is the message.
 */
import { MONTHS } from '../../bloblang/formats/time-layout.ts'
import { formatTimestamp, parseRfc3339, timestampOf } from '../../bloblang/values/timestamp.ts'
import type { Timestamp } from '../../bloblang/values/value.ts'
import { LogFault, type LogReader, type ParsedLog, readLog, readPriority } from './log-document.ts'

export interface Rfc3164Options {
  /** Of times that have none. */
  readonly year: () => number
  readonly zone: string
  readonly allowsRfc3339: boolean
}

const TIME = /([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)/y
const RFC3339 = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/y
const SPACE = / /y
const HOST = /[!-~]+/y
const TAG = /([!-9;-Z\\^-~]{1,48})(?:\[([^\]\r\n]{1,128})\])?:(?: |$)/y

export function parseRfc3164(text: string, options: Rfc3164Options): ParsedLog {
  return readLog(text, (reader, fields) => {
    readPriority(reader, fields)
    fields['timestamp'] = formatTimestamp(readTime(reader, options))
    reader.expect(SPACE, 'a blank')
    fields['hostname'] = reader.expect(HOST, 'the name of a host')[0]
    reader.expect(SPACE, 'a blank')
    const tag = reader.take(TAG)
    if (tag?.[1] !== undefined) fields['appname'] = tag[1]
    if (tag?.[2] !== undefined) fields['procid'] = tag[2]
    if (!reader.ended) fields['message'] = reader.rest
  })
}

function readTime(reader: LogReader, options: Rfc3164Options): Timestamp {
  const dated = options.allowsRfc3339 ? reader.take(RFC3339) : undefined
  const time = dated === undefined ? readBsdTime(reader, options) : parseRfc3339(dated[0])
  if (time === undefined) throw new LogFault('expected a time that a clock shows')
  return time
}

function readBsdTime(reader: LogReader, { year, zone }: Rfc3164Options): Timestamp | undefined {
  const [, name = '', ...numbers] = reader.expect(TIME, 'a time such as "Oct 11 22:14:15"')
  const [day = 0, hour = 0, minute = 0, second = 0] = numbers.map(Number)
  const month = MONTHS.findIndex((one) => one.startsWith(name)) + 1
  return timestampOf({ year: year(), month, day, hour, minute, second, nanosecond: 0, zone })
}
