/** What surprises whoever knows another language, or the documentation alone: each as users of upstream know it. */
import { describe, expect, test } from 'vitest'
import { runMapping } from './evaluate-for-test.ts'

describe('traps', () => {
  test.each([
    ['a range cuts its length down', 'range(0, 250, 100)', '[0,100]'],
    ['a range may count down', 'range(0, -10, -2)', '[0,-2,-4,-6,-8]'],
    ['all of nothing is false', '[].all(this)', 'false'],
    ['a sum is a float', '[1000000, 234567].sum().string()', '1.234567e+06'],
    ['an index counts from the end', '[1, 2].index(-1)', '2'],
    [
      'merge gathers what clashes',
      '{"a":1,"b":[1]}.merge({"a":2,"b":[2]})',
      '{"a":[1,2],"b":[1,2]}',
    ],
    ['assign overrides', '{"a":1,"b":2}.assign({"a":3})', '{"a":3,"b":2}'],
    ['filter wants exactly true', '[1, 2].filter(if this == 1 { "x" } else { true })', '[2]'],
    [
      'map_each removes what is deleted and keeps for nothing',
      '[1, 2, 3].map_each(match { this == 1 => deleted(), this == 3 => 9 })',
      '[2,9]',
    ],
    ['map_each of an object has keys and values', '{"a":1}.map_each(this.key)', '{"a":"a"}'],
    ['fold has a tally', '[1, 2].fold(0, this.tally + this.value)', '3'],
    ['keys are sorted', '{"b":1,"a":2}.keys()', '["a","b"]'],
    ['unique tells numbers from texts', '[1, "1", 1.0].unique()', '[1,"1"]'],
    ['sort compares left with right', '[3, 1, 2].sort(left > right)', '[3,2,1]'],
    ['contains makes its argument text', '"x1".contains(1)', 'true'],
    ['xxhash64 is decimal', '"a".hash("xxhash64").string()', '15154266338359012955'],
    ['a hash is bytes', '"a".hash("md5").type()', 'bytes'],
    [
      'format_json escapes for HTML, and indents by four',
      '{"a":"<"}.format_json().string()',
      '{\n    "a": "\\u003c"\n}',
    ],
    ['CSV is all text', '"a,b\\n1,2".parse_csv()', '[{"a":"1","b":"2"}]'],
    ['unnamed groups have numbers', '"axb".re_find_object("a(x)b")', '{"0":"axb","1":"x"}'],
    ['ceil gives an integer', '5.5.ceil().string()', '6'],
    ['exists is true of null', 'this.none.exists("a") || this.exists("null")', 'true'],
    ['an unset variable of the environment is null', 'env("NOPE")', 'null'],
    ['length counts bytes', '"é".length()', '2'],
    ['a float in text has an early exponent', '1234567.0.string()', '1.234567e+06'],
    ['an integer in text has none', '1234567.string()', '1234567'],
    ['a number of the input keeps its spelling', 'this.float.string()', '1234567.0'],
    ['integers are read with their base', '"0x1F".int64()', '31'],
    ['now is text', 'now().type()', 'string'],
    [
      'the smallest integer has the largest as its magnitude',
      'this.min.abs()',
      '9223372036854775807',
    ],
    ['a slice of less than nothing is empty', '"abc".slice(2, 1)', ''],
    ['less than once is never', '"a".repeat(-1)', ''],
    ['paths never fail', 'this.float.a.b', 'null'],
    ['minus wraps the chain behind it', '-5.abs()', '-5'],
    ['parse_json makes floats', '"9007199254740993".parse_json()', '9007199254740992'],
    ['unless it is told not to', '"9007199254740993".parse_json(true)', '9007199254740993'],
  ])('%s: %s', (_, query, output) => {
    const input = '{"null":null,"float":1234567.0,"min":-9223372036854775808}'
    expect(runMapping(`root = ${query}`, input)).toBe(output)
  })

  test.each([
    ['range(5, 1)', 'expected start below stop'],
    ['[1].index(9)', "index '9' was out of bounds"],
    ['5.not_empty()', 'expected string, array or object value'],
    ['"".not_empty()', 'string value is empty'],
    ['[].not_empty()', 'array value is empty'],
    ['{}.not_empty()', 'object value is empty'],
    ['this.a.not_null()', 'field `this.a`: value is null'],
    ['"a,b\\n1".parse_csv()', 'field'],
    ['"".parse_csv()', 'got none'],
    ['true.number()', 'expected number value, got bool'],
    ['"0x1F".number()', 'expected number value, got string'],
    ['"1.5".int64()', '1.5'],
    ['[true].unique()', 'got bool'],
  ])('%s fails with %s', (query, error) => {
    expect(() => runMapping(`root = ${query}`)).toThrow(error)
  })
})
