/** Times in the layouts of Go, the conversions of strftime, and lengths of time: what Go 1.26 prints and reads. */
import { expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'
import { formatTimestamp } from '../values/timestamp.ts'
import { Timestamp } from '../values/value.ts'
import { parseDuration, parseIsoDuration } from './durations.ts'
import { parseLayout } from './read-layout.ts'
import { formatStrftime } from './strftime.ts'
import { parseStrptime } from './strptime.ts'
import { formatLayout } from './time-layout.ts'

const MOMENT = new Timestamp(1_700_000_000_123_456_789n, 'UTC')

test.each([
  ['Mon Jan _2 15:04:05 2006', 'Tue Nov 14 22:13:20 2023'],
  ['Monday, 02-Jan-06 15:04:05 MST', 'Tuesday, 14-Nov-23 22:13:20 UTC'],
  ['Mon, 02 Jan 2006 15:04:05 -0700', 'Tue, 14 Nov 2023 22:13:20 +0000'],
  ['3:04PM', '10:13PM'],
  ['Jan _2 15:04:05.000000000', 'Nov 14 22:13:20.123456789'],
  ['2006-01-02T15:04:05.000', '2023-11-14T22:13:20.123'],
  ['05.999999,000', '20.123456,123'],
  ['January Month Monday Janus', 'November Month Tuesday Janus'],
  ['2006__2 002 _2006', '2023318 318 _2023'],
  ['3:4:5 pm PM 06 1 2 Z07 Z0700 -07', '10:13:20 pm PM 23 11 14 Z Z +00'],
])('the layout %j shows %j', (layout, output) => {
  expect(formatLayout(MOMENT, layout)).toBe(output)
})

test.each([
  ['2006-01-02 15:04:05', '2020-08-14 05:54:23.123', '2020-08-14T05:54:23.123Z'],
  [
    '2006-01-02T15:04:05.000Z07:00',
    '2020-08-14T05:54:23.123+02:00',
    '2020-08-14T05:54:23.123+02:00',
  ],
  ['2006-01-02T15:04:05.000Z07:00', '2020-08-14T05:54:23Z', undefined],
  ['Jan 2 2006 3:04PM', 'aug 14 2020 5:54AM', '2020-08-14T05:54:00Z'],
  ['2006 002', '2020 227', '2020-08-14T00:00:00Z'],
  ['02/01/06', '14/08/20', '2020-08-14T00:00:00Z'],
  ['Mon, 02 Jan 2006 15:04:05 MST', 'Fri, 14 Aug 2020 05:54:23 EST', '2020-08-14T05:54:23Z'],
  ['2006-01-02', '2020-02-30', undefined],
  ['_2 Jan 2006', ' 4 Feb 2020', '2020-02-04T00:00:00Z'],
  ['2006-1-2', '2020-8-14', '2020-08-14T00:00:00Z'],
  ['15h04', '05H54', undefined],
])('the layout %j reads %j', (layout, text, output) => {
  const parsed = parseLayout(text, layout)
  expect(parsed && formatTimestamp(parsed)).toBe(output)
})

test.each([
  ['Europe/Berlin', 'CET +0100', 'CEST +0200'],
  ['America/New_York', 'EST -0500', 'EDT -0400'],
  ['Asia/Kolkata', 'IST +0530', 'IST +0530'],
  ['America/Sao_Paulo', '-03 -0300', '-03 -0300'],
  ['Asia/Tokyo', 'JST +0900', 'JST +0900'],
  ['Europe/London', 'GMT +0000', 'BST +0100'],
  ['Australia/Sydney', 'AEDT +1100', 'AEST +1000'],
  ['Asia/Dubai', '+04 +0400', '+04 +0400'],
  ['Pacific/Auckland', 'NZDT +1300', 'NZST +1200'],
  ['Europe/Moscow', 'MSK +0300', 'MSK +0300'],
  ['Africa/Lagos', 'WAT +0100', 'WAT +0100'],
  ['America/Phoenix', 'MST -0700', 'MST -0700'],
  ['Asia/Kathmandu', '+0545 +0545', '+0545 +0545'],
  ['Asia/Manila', 'PST +0800', 'PST +0800'],
  ['Europe/Dublin', 'GMT +0000', 'IST +0100'],
  ['Asia/Jakarta', 'WIB +0700', 'WIB +0700'],
  ['Pacific/Honolulu', 'HST -1000', 'HST -1000'],
  ['America/Anchorage', 'AKST -0900', 'AKDT -0800'],
  ['Africa/Nairobi', 'EAT +0300', 'EAT +0300'],
  ['Africa/Johannesburg', 'SAST +0200', 'SAST +0200'],
  ['Asia/Shanghai', 'CST +0800', 'CST +0800'],
  ['Asia/Seoul', 'KST +0900', 'KST +0900'],
  ['Asia/Jerusalem', 'IST +0200', 'IDT +0300'],
  ['America/Halifax', 'AST -0400', 'ADT -0300'],
  ['Europe/Istanbul', '+03 +0300', '+03 +0300'],
  ['Pacific/Guam', 'ChST +1000', 'ChST +1000'],
  ['America/Havana', 'CST -0500', 'CDT -0400'],
  ['Europe/Lisbon', 'WET +0000', 'WEST +0100'],
])('the zone %s is called %j in winter and %j in summer', (zone, winter, summer) => {
  const name = (epochSeconds: bigint): string =>
    formatLayout(new Timestamp(epochSeconds * 1_000_000_000n, zone), 'MST -0700')
  expect([name(1_700_000_000n), name(1_720_000_000n)]).toEqual([winter, summer])
})

test.each([
  ['%Y-%m-%dT%H:%M:%S.%f%z', '2023-11-14T22:13:20.123456+0000'],
  ['%a %A %b %B %C %y %j', 'Tue Tuesday Nov November 20 23 318'],
  ['%e|%k|%l|%I|%p|%P', '14|22|10|10|PM|pm'],
  ['%G-W%V-%u %U %W %w', '2023-W46-2 46 46 2'],
  ['%D %F %R %T %r', '11/14/23 2023-11-14 22:13 22:13:20 10:13:20 PM'],
  ['%s %n%t%%', '1700000000 \n\t%'],
  ['%-d %-m %_H %^a %:z %Z', '14 11 22 TUE +00:00 UTC'],
])('strftime %j shows %j', (format, output) => {
  expect(formatStrftime(MOMENT, format)).toBe(output)
})

test.each([
  ['%Y-%m-%d %H:%M:%S.%f', '2020-08-14 05:54:23.5', '2020-08-14T05:54:23.5Z'],
  ['%d %b %y %I:%M %p %z', '14 aug 20 12:54 am +0230', '2020-08-14T00:54:00+02:30'],
  ['%A, %B %d, %Y', 'Friday, August 14, 2020', '2020-08-14T00:00:00Z'],
  ['%F %T', '2020-08-14 05:54:23', '2020-08-14T05:54:23Z'],
  ['%Y %j', '2020 227', '2020-08-14T00:00:00Z'],
  ['%s', '1700000000', '2023-11-14T22:13:20Z'],
  ['%Y-%m-%d', '2020-02-30', undefined],
  ['%Y', '2020 ', undefined],
  ['%I %p', '13 pm', undefined],
  ['%Y %j', '2021 366', undefined],
])('strptime %j reads %j', (format, text, output) => {
  const parsed = parseStrptime(text, format)
  expect(parsed && formatTimestamp(parsed)).toBe(output)
})

test.each([
  ['1h30m', 5_400_000_000_000n],
  ['-1.5h', -5_400_000_000_000n],
  ['.5s', 500_000_000n],
  ['1m1.5s', 61_500_000_000n],
  ['100ns', 100n],
  ['+5s', 5_000_000_000n],
  ['0', 0n],
  ['1µs', 1_000n],
])('the duration %s is %d ns', (text, durationNs) => {
  expect(parseDuration(text)).toBe(durationNs)
})

test.each(['1.5', 'h', '', '.s', '9223372036854775808ns', '1h 2m'])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow('expected a duration')
})

test.each([
  ['P3Y6M4DT12H30M5S', 110_839_937_000_000_000n],
  ['PT2.5S', 2_500_000_000n],
  ['PT2.59S', 2_500_000_000n],
  ['P3.5S', 3_500_000_000n],
  ['P2W', 1_209_600_000_000_000n],
  ['-PT1M', -60_000_000_000n],
  ['PT0,5H', 1_800_000_000_000n],
])('the ISO 8601 duration %s is %d ns', (text, durationNs) => {
  expect(parseIsoDuration(text)).toBe(durationNs)
})

test.each(['', 'P', 'PT', 'P1', '1Y', 'P1DT', 'P999999999Y', 'PT1D'])(
  '%j is no ISO 8601 duration',
  (text) => {
    expect(() => parseIsoDuration(text)).toThrow('expected a')
  },
)

test.each([
  ['"2020-01-31T00:00:00Z".ts_add_iso8601("P1M")', '2020-03-02T00:00:00Z'],
  [
    '"2020-03-28T12:00:00Z".ts_tz("Europe/Berlin").ts_add_iso8601("P1D")',
    '2020-03-29T13:00:00+02:00',
  ],
  [
    '"2020-03-28T12:00:00Z".ts_tz("Europe/Berlin").ts_add_iso8601("PT24H")',
    '2020-03-29T14:00:00+02:00',
  ],
  ['"2020-08-14T05:30:00Z".ts_round(3600000000000)', '2020-08-14T06:00:00Z'],
  ['"1969-12-31T23:59:59.4Z".ts_round(1000000000)', '1969-12-31T23:59:59Z'],
  ['"2020-08-14T05:30:00.5Z".ts_round(0)', '2020-08-14T05:30:00.5Z'],
])('%s is %s', (mapping, output) => {
  expect(runMapping(`root = ${mapping}`)).toBe(`"${output}"`)
})

test.each(['root = "2020-01-01T00:00:00Z".ts_add_iso8601("P300000Y")', 'root = 1e9'])(
  '%s fails, and does not crash',
  (mapping) => {
    expect(() => runMapping(mapping)).toThrow()
  },
)
