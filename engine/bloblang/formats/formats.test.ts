/** Formats, as Go's own libraries read and write them where upstream uses these, and as their makers write them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'
import { YAML_LENGTH_MAX } from '../methods/yaml.ts'
import { encodeJson } from '../values/encode-payload.ts'
import { IntegralFloat, Timestamp, type Value } from '../values/value.ts'
import { formatMsgpack } from './format-msgpack.ts'
import { formatYaml } from './format-yaml.ts'
import { parseUrl } from './parse-url.ts'

const on = (mapping: string, text: string): string =>
  runMapping(`root = this.t.${mapping}`, JSON.stringify({ t: text }))

describe('YAML', () => {
  const written: readonly (readonly [Value, string])[] = [
    ['plain', 'plain'],
    ['true', '"true"'],
    ['yes', '"yes"'],
    ['', '""'],
    ['5', '"5"'],
    ['1e3', '"1e3"'],
    ['a: b', "'a: b'"],
    ['#x', "'#x'"],
    ["'q'", "'''q'''"],
    ['a\nb', '|-\n    a\n    b'],
    ['a\n\nb\n\n', '|+\n    a\n\n    b\n'],
    [' lead', "' lead'"],
    ['tab\tx', '"tab\\tx"'],
    ['2020-01-02', '"2020-01-02"'],
    ['12:30', '"12:30"'],
    ['?x', '?x'],
    ['x:', "'x:'"],
    ['-', "'-'"],
    ['\u0001', '"\\x01"'],
    ['NaN', 'NaN'],
    ['😀', '"\\U0001F600"'],
    [null, 'null'],
    [new IntegralFloat(1_000_000), '1e+06'],
    [1_000_000, '1000000'],
    [new Timestamp(0n, 'UTC'), '1970-01-01T00:00:00Z'],
    [Buffer.from('hi'), '- 104\n- 105'],
    [[1, [2, []], { a: [1] }], '- 1\n- - 2\n  - []\n- a:\n    - 1'],
    [
      { b: { c: null, d: {} }, 'a b': 1, a10: 1, a2: 2 },
      'a b: 1\na2: 2\na10: 1\nb:\n    c: null\n    d: {}',
    ],
  ]
  test.each(written.map(([value, text]) => ({ value, text })))(
    'writes $text',
    ({ value, text }) => {
      expect(formatYaml(value)).toBe(`${text}\n`)
    },
  )

  test('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const mapping = 'root.v = this.v.format_yaml().string().parse_yaml()'
        // JSON has no negative zero, and the texts of both are compared as JSON.
        const input = JSON.stringify({ v: value })
        expect(JSON.parse(runMapping(mapping, input))).toEqual(JSON.parse(input))
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['a: 0777', '{"a":511}'],
    ['"<<": 1', '{"<<":1}'],
    ['a: 0o17', '{"a":15}'],
    ['a: 0x1F', '{"a":31}'],
    ['a: 0b11', '{"a":3}'],
    ['a: 1_000', '{"a":1000}'],
    ['a: yes', '{"a":"yes"}'],
    ['a: True', '{"a":true}'],
    ['a: 1e3', '{"a":1000}'],
    ['a: 2020-01-02 03:04:05', '{"a":"2020-01-02T03:04:05Z"}'],
    ['a: 12:30', '{"a":"12:30"}'],
    ['a: !!binary aGk=', '{"a":"hi"}'],
    ['a: &x {b: 1}\nc:\n  <<: *x\n  d: 2', '{"a":{"b":1},"c":{"b":1,"d":2}}'],
    ['a: 12345678901234567890', '{"a":12345678901234567890}'],
    ['1: a\ntrue: b', '{"1":"a","true":"b"}'],
    ['a: 1\n---\nb: 2', '{"a":1}'],
    ['__proto__: 1', '{"__proto__":1}'],
    ['', 'null'],
  ])('reads %j as %s', (text, output) => {
    expect(on('parse_yaml()', text)).toBe(output)
  })

  test.each(['a: 1\na: 2', 'a: - b', 'a: [', '\t- x'])('refuses %j', (text) => {
    expect(() => on('parse_yaml()', text)).toThrow('expected a YAML document')
  })

  test('refuses aliases that stand for more than memory holds', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg'])
      lines.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`)
    expect(() => on('parse_yaml()', lines.join('\n'))).toThrow('expected a YAML document')
  })

  test('is as long as the limit, and no longer', () => {
    expect(on('parse_yaml().length()', `"${'a'.repeat(YAML_LENGTH_MAX - 2)}"`)).toBe(
      `${YAML_LENGTH_MAX - 2}`,
    )
    expect(() => on('parse_yaml()', 'a'.repeat(YAML_LENGTH_MAX + 1))).toThrow('at most')
  })
})

describe('XML', () => {
  test.each([
    ['<a/>', '{"a":""}'],
    ['<?xml version="1.0"?><!DOCTYPE a><a> x <!-- c --> y </a>', '{"a":"x  y"}'],
    ['<a><![CDATA[<&]]></a>', '{"a":"<&"}'],
    ['<a>&lt;&#65;&#x42;</a>', '{"a":"<AB"}'],
    ['<n:a xmlns:n="u" n:b="1"/>', '{"a":{"-b":"1","-n":"u"}}'],
    ['<a><b>1</b><b/><b x="2"/></a>', '{"a":{"b":["1","",{"-x":"2"}]}}'],
    ['<a>x<b/>y</a>', '{"a":{"#text":"xy","b":""}}'],
    ['<__proto__>1</__proto__>', '{"__proto__":"1"}'],
  ])('reads %j as %s', (text, output) => {
    expect(on('parse_xml()', text)).toBe(output)
  })

  test.each(['', 'text', '<a>', '<a></b>', '<a/><b/>', '<a>&unknown;</a>', '<a b></a>', '</a>'])(
    'refuses %j',
    (text) => {
      expect(() => on('parse_xml()', text)).toThrow('expected an XML document')
    },
  )

  test('nests as deep as documents do, and no deeper', () => {
    const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth)
    expect(on('parse_xml().type()', nested(1_000))).toBe('object')
    expect(() => on('parse_xml()', nested(1_001))).toThrow('levels deep')
  })

  test('reads what it wrote', () => {
    const text = fc.stringMatching(/^[a-z<>&"' ]{0,8}$/).map((each) => each.trim())
    const element = fc.record({
      '-id': text,
      b: fc.array(text, { minLength: 2, maxLength: 4 }),
      c: text,
    })
    fc.assert(
      fc.property(element, (a) => {
        const input = JSON.stringify({ a })
        const mapping = 'root = this.format_xml().string().parse_xml()'
        expect(JSON.parse(runMapping(mapping, input))).toEqual({ a })
      }),
    )
  })
})

describe('CSV', () => {
  test.each([
    ['a,b\r\n1,"x\ny"\r\n', '[{"a":"1","b":"x\\ny"}]'],
    ['a\n\n1\n', '[{"a":"1"}]'],
    ['a,b\n"x ""y""",', '[{"a":"x \\"y\\"","b":""}]'],
    ['__proto__\n1', '[{"__proto__":"1"}]'],
    ['a,b', '[]'],
    ['a\n"x\r\ny"\r', '[{"a":"x\\ny"}]'],
  ])('reads %j as %s', (text, output) => {
    expect(on('parse_csv()', text)).toBe(output)
  })

  test.each(['a"b\n1', '"a\n1', '"a"b\n1'])(
    'refuses %j, unless it is lazy about quotes',
    (text) => {
      expect(() => on('parse_csv()', text)).toThrow('expected CSV')
    },
  )

  test('is lazy about quotes when asked', () => {
    expect(on('parse_csv(lazy_quotes: true)', 'a,b\nx" "y,z" "1')).toBe(
      '[{"a":"x\\" \\"y","b":"z\\" \\"1"}]',
    )
    expect(on('parse_csv(false, ",", true)', ',""b')).toBe('[["","\\"b"]]')
    expect(on('parse_csv(false, ",", true)', ' \n"b')).toBe('[[" "],["b"]]')
    expect(() => on('parse_csv(delimiter: "ab")', 'a')).toThrow('a delimiter of one character')
  })
})

describe('MessagePack', () => {
  const written: readonly (readonly [Value, string])[] = [
    [null, 'c0'],
    [true, 'c3'],
    [127, '7f'],
    [128, 'cc80'],
    [256, 'cd0100'],
    [65_536, 'ce00010000'],
    [4_294_967_296, 'cf0000000100000000'],
    [18_446_744_073_709_551_615n, 'cfffffffffffffffff'],
    [-1, 'ff'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32_769, 'd2ffff7fff'],
    [-9_223_372_036_854_775_808n, 'd38000000000000000'],
    [1.5, 'cb3ff8000000000000'],
    [new IntegralFloat(1), 'cb3ff0000000000000'],
    ['', 'a0'],
    ['a'.repeat(32), `d920${'61'.repeat(32)}`],
    [Buffer.from([1, 2]), 'c4020102'],
    [{ b: [], a: {} }, '82a16180a16290'],
    [new Timestamp(1_500_000_000n, 'UTC'), 'c70cff1dcd65000000000000000001'],
  ]
  test.each(written.map(([value, hex]) => ({ value, hex })))('writes $hex', ({ value, hex }) => {
    expect(formatMsgpack(value).toString('hex')).toBe(hex)
    const read = runMapping(`root = ["${hex}".decode("hex").parse_msgpack()]`)
    expect(read).toBe(encodeJson([value]))
  })

  test('takes any bytes for a message or for none, and never crashes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const hex = Buffer.from(bytes).toString('hex')
        const mapping = `root = "${hex}".decode("hex").parse_msgpack().catch(deleted())`
        expect(typeof runMapping(mapping)).toBe('string')
      }),
    )
  })

  test.each(['dfffffffff', 'dbffffffff', 'ddffffffff00'])('refuses the promise of %s', (hex) => {
    expect(() => runMapping(`root = "${hex}".decode("hex").parse_msgpack()`)).toThrow('MessagePack')
  })
})

describe('URLs', () => {
  test.each([
    [
      'http://a:b@h.com:80/p%2Fq/x?y=1#f%20g',
      {
        scheme: 'http',
        host: 'h.com:80',
        path: '/p/q/x',
        raw_path: '/p%2Fq/x',
        raw_query: 'y=1',
        fragment: 'f g',
        user: { name: 'a', password: 'b' },
      },
    ],
    ['mailto:x@y', { scheme: 'mailto', opaque: 'x@y' }],
    ['//h/p', { host: 'h', path: '/p' }],
    ['a b', { path: 'a b', raw_path: 'a b' }],
    ['http://[::1]:80/', { scheme: 'http', host: '[::1]:80', path: '/' }],
    ['?q', { raw_query: 'q' }],
    ['#f', { fragment: 'f' }],
    ['http://user@h', { scheme: 'http', host: 'h', user: { name: 'user' } }],
    ['*', { path: '*' }],
    ['HTTP://H/P', { scheme: 'http', host: 'H', path: '/P' }],
    ['a:b:c/d', { scheme: 'a', opaque: 'b:c/d' }],
    ['http://h/é ü', { scheme: 'http', host: 'h', path: '/é ü', raw_path: '/é ü' }],
    [
      'postgres://u:p%40w@h/db?x#',
      {
        scheme: 'postgres',
        host: 'h',
        path: '/db',
        raw_query: 'x',
        user: { name: 'u', password: 'p@w' },
      },
    ],
  ])('of %j are taken apart as Go does', (url, parts) => {
    const none = {
      scheme: '',
      opaque: '',
      host: '',
      path: '',
      raw_path: '',
      raw_query: '',
      fragment: '',
      raw_fragment: '',
    }
    expect(parseUrl(url)).toEqual({ ...none, ...parts })
  })

  test.each([
    ['http://h/%zz', 'parse "http://h/%zz": invalid URL escape "%zz"'],
    ['http://a b/', 'parse "http://a b/": invalid character " " in host name'],
    ['http://h:abc/', 'parse "http://h:abc/": invalid port ":abc" after host'],
    ['1http://x', 'parse "1http://x": first path segment in URL cannot contain colon'],
    ['http://%41/', 'parse "http://%41/": invalid URL escape "%41"'],
    ['invalid %&# url', 'parse "invalid %&": invalid URL escape "%&"'],
    [':x', 'parse ":x": missing protocol scheme'],
  ])('of %j are none, for the reason that Go gives', (url, reason) => {
    expect(() => parseUrl(url)).toThrow(reason)
  })
})

describe('logfmt', () => {
  test.each([
    ['a=1 b="x y" c=', '{"a":"1","b":"x y","c":""}'],
    ['  a=x/y:z\tb ', '{"a":"x/y:z","b":""}'],
    ['a="\\u00e4\\n\t"', '{"a":"ä\\n\\t"}'],
    ['', '{}'],
  ])('%j is %s', (text, output) => {
    expect(on('parse_logfmt()', text)).toBe(output)
  })

  test.each(['=1', 'a="x', 'a"b=1', 'a="x"y', 'a="\\q"'])('%j is none', (text) => {
    expect(() => on('parse_logfmt()', text)).toThrow('in logfmt')
  })
})

/** Three rows of every type, some of them null, as pyarrow 26 writes them with each compression. */
const PARQUET: Readonly<Record<string, string>> = {
  none: 'UEFSMRUAFRwVHCwVBBUAFQYVBhwAAAACAAAAAwEBAAAAAAAAABUEFQoVCkwVAhUAEgAAAQAAAGEVABUSFRIsFQQVEBUGFQYcAAAAAgAAAAMBAQIAFQAVGBUYLBUEFQAVBhUGHAAAAAIAAAADAQIAAAAAARUAFSwVLCwVBBUAFQYVBhwAAAACAAAABAEAAAAAAAD4PwAAAAAAAABAFQAVDhUOLBUEFQAVBhUGHAAAAAIAAAADAQEVABUcFRwsFQQVABUGFQYcAAAAAgAAAAMBQCIgGCQKBgAVABUuFS4sFQYVABUGFQYcAAAAAgAAAAMCAwAAAAMPAAEAAAB4AQAAAHkVABUeFR4sFQQVABUGFQYcAAAAAwAAAAMCAAEAAAAAAAAAFQAVGBUYLBUEFQAVBhUGHAAAAAMAAAADAgABAAAAehUEGdw1ABgGc2NoZW1hFRAAFQQlAhgCaWQAFQwlAhgEbmFtZSUATBwAAAAVDCUCGANyYXcAFQolAhgBZgAVACUCGAJvawAVBCUCGAJhdCUUTIwRHCwAAAAAADUCGAR0YWdzFQIVBkw8AAAANQQYBGxpc3QVAgAVDCUCGAdlbGVtZW50JQBMHAAAADUCGAFvFQQAFQQlAhgBcAAVDCUCGAFxJQBMHAAAABYEGRwZnCYAHBUEGSUGABkYAmlkFQAWBBZCFkImCEkcFQAVABUCADwpBhkmAgIAAAAmABwVDBk1AAYQGRgEbmFtZRUAFgQWXhZeJnAmSiksFQQVABUCABUAFRAVAgA8FgIZBhkmAgIAAAAmABwVDBklBgAZGANyYXcVABYEFj4WPiaoAUkcFQAVABUCADwWBBkGGSYCAgAAACYAHBUKGSUGABkYAWYVABYEFlIWUibmAUkcFQAVABUCADwpBhkmAAQAAAAmABwVABklBgAZGAJvaxUAFgQWNBY0JrgCSRwVABUAFQIAPCkGGSYCAgAAACYAHBUEGSUGABkYAmF0FQAWBBZCFkIm7AJJHBUAFQAVAgA8KQYZJgICAAAAJgAcFQwZJQYAGTgEdGFncwRsaXN0B2VsZW1lbnQVABYGFlQWVCauA0kcFQAVABUCADwWBBkmBAIZRgIAAAQAAAAmABwVBBklBgAZKAFvAXAVABYEFkQWRCaCBEkcFQAVABUCADwpBhk2AgACAAAAJgAcFQwZJQYAGSgBbwFxFQAWBBY+Fj4mxgRJHBUAFQAVAgA8FgIZBhk2AgACAAAAFvwEFgQmCBb8BAAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGZwcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAArgIAAFBBUjE=',
  snappy:
    'UEFSMRUAFRwVICwVBBUAFQYVBhwAAAAONAIAAAADAQEAAAAAAAAAFQQVChUOTBUCFQASAAAFEAEAAABhFQAVEhUWLBUEFRAVBhUGHAAAAAkgAgAAAAMBAQIAFQAVGBUcLBUEFQAVBhUGHAAAAAwsAgAAAAMBAgAAAAABFQAVLBUwLBUEFQAVBhUGHAAAABZUAgAAAAQBAAAAAAAA+D8AAAAAAAAAQBUAFQ4VEiwVBBUAFQYVBhwAAAAHGAIAAAADAQEVABUcFSAsFQQVABUGFQYcAAAADjQCAAAAAwFAIiAYJAoGABUAFS4VMCwVBhUAFQYVBhwAAAAXGAIAAAADAgMBBiwPAAEAAAB4AQAAAHkVABUeFSIsFQQVABUGFQYcAAAADzgDAAAAAwIAAQAAAAAAAAAVABUYFRwsFQQVABUGFQYcAAAADCwDAAAAAwIAAQAAAHoVBBncNQAYBnNjaGVtYRUQABUEJQIYAmlkABUMJQIYBG5hbWUlAEwcAAAAFQwlAhgDcmF3ABUKJQIYAWYAFQAlAhgCb2sAFQQlAhgCYXQlFEyMERwsAAAAAAA1AhgEdGFncxUCFQZMPAAAADUEGARsaXN0FQIAFQwlAhgHZWxlbWVudCUATBwAAAA1AhgBbxUEABUEJQIYAXAAFQwlAhgBcSUATBwAAAAWBBkcGZwmABwVBBklBgAZGAJpZBUCFgQWQhZGJghJHBUAFQAVAgA8KQYZJgICAAAAJgAcFQwZNQAGEBkYBG5hbWUVAhYEFl4WZiZ4Jk4pLBUEFQAVAgAVABUQFQIAPBYCGQYZJgICAAAAJgAcFQwZJQYAGRgDcmF3FQIWBBY+FkImtAFJHBUAFQAVAgA8FgQZBhkmAgIAAAAmABwVChklBgAZGAFmFQIWBBZSFlYm9gFJHBUAFQAVAgA8KQYZJgAEAAAAJgAcFQAZJQYAGRgCb2sVAhYEFjQWOCbMAkkcFQAVABUCADwpBhkmAgIAAAAmABwVBBklBgAZGAJhdBUCFgQWQhZGJoQDSRwVABUAFQIAPCkGGSYCAgAAACYAHBUMGSUGABk4BHRhZ3MEbGlzdAdlbGVtZW50FQIWBhZUFlYmygNJHBUAFQAVAgA8FgQZJgQCGUYCAAAEAAAAJgAcFQQZJQYAGSgBbwFwFQIWBBZEFkgmoARJHBUAFQAVAgA8KQYZNgIAAgAAACYAHBUMGSUGABkoAW8BcRUCFgQWPhZCJugESRwVABUAFQIAPBYCGQYZNgIAAgAAABb8BBYEJggWogUAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRmcHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAAK4CAABQQVIx',
  gzip: 'UEFSMRUAFRwVOiwVBBUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBmZGSAAAC0EjMADgAAABUEFQoVMkwVAhUAEgAAH4sIAAAAAAACA2NkYGBIBABjj/fBBQAAABUAFRIVOiwVBBUQFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBmZGRiAAAoKRcECQAAABUAFRgVPCwVBBUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBmZAKSDIwAOsXZhQwAAAAVABUsFUQsFQQVABUGFQYcAAAAH4sIAAAAAAACA2NiYGBgYWQAgx/2EJrBAQDb5riOFgAAABUAFQ4VNiwVBBUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBmZAQA2XGpZgcAAAAVABUcFUQsFQQVABUGFQYcAAAAH4sIAAAAAAACA2NiYGBgZnRQUpBQ4WJjAAA+O4eeDgAAABUAFS4VSiwVBhUAFQYVBhwAAAAfiwgAAAAAAAIDY2JgYGBmYgaR/AyMQKoCRFQCAAa2erkXAAAAFQAVHhU8LBUEFQAVBhUGHAAAAB+LCAAAAAAAAgNjZmBgYGZiYGSAAAA83xOXDwAAABUAFRgVPCwVBBUAFQYVBhwAAAAfiwgAAAAAAAIDY2ZgYGBmYmAEUlUAx7PrmAwAAAAVBBncNQAYBnNjaGVtYRUQABUEJQIYAmlkABUMJQIYBG5hbWUlAEwcAAAAFQwlAhgDcmF3ABUKJQIYAWYAFQAlAhgCb2sAFQQlAhgCYXQlFEyMERwsAAAAAAA1AhgEdGFncxUCFQZMPAAAADUEGARsaXN0FQIAFQwlAhgHZWxlbWVudCUATBwAAAA1AhgBbxUEABUEJQIYAXAAFQwlAhgBcSUATBwAAAAWBBkcGZwmABwVBBklBgAZGAJpZBUEFgQWQhZgJghJHBUAFQAVAgA8KQYZJgICAAAAJgAcFQwZNQAGEBkYBG5hbWUVBBYEFl4WrgEmtgEmaCksFQQVABUCABUAFRAVAgA8FgIZBhkmAgIAAAAmABwVDBklBgAZGANyYXcVBBYEFj4WYiaWAkkcFQAVABUCADwWBBkGGSYCAgAAACYAHBUKGSUGABkYAWYVBBYEFlIWaib4AkkcFQAVABUCADwpBhkmAAQAAAAmABwVABklBgAZGAJvaxUEFgQWNBZcJuIDSRwVABUAFQIAPCkGGSYCAgAAACYAHBUEGSUGABkYAmF0FQQWBBZCFmomvgRJHBUAFQAVAgA8KQYZJgICAAAAJgAcFQwZJQYAGTgEdGFncwRsaXN0B2VsZW1lbnQVBBYGFlQWcCaoBUkcFQAVABUCADwWBBkmBAIZRgIAAAQAAAAmABwVBBklBgAZKAFvAXAVBBYEFkQWYiaYBkkcFQAVABUCADwpBhk2AgACAAAAJgAcFQwZJQYAGSgBbwFxFQQWBBY+FmIm+gZJHBUAFQAVAgA8FgIZBhk2AgACAAAAFvwEFgQmCBbUBwAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGZwcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAAsAIAAFBBUjE=',
  zstd: 'UEFSMRUGFRQVFFwVBBUCFQQVABUEFQASHAAAAAMBAQAAAAAAAAAVBBUKFRxMFQIVABIAACi1L/0gBSkAAAEAAABhFQYVChUKXBUEFQIVBBUQFQQVABIcAAAAAwEBAgAVBhUQFRBcFQQVAhUEFQAVBBUAEhwAAAADAQIAAAAAARUGFSQVJFwVBBUAFQQVABUEFQASHAAAAAQBAAAAAAAA+D8AAAAAAAAAQBUGFRAVEFwVBBUCFQQVBhUEFQASHAAAAAMBAgAAAAIBFQYVFBUUXBUEFQIVBBUAFQQVABIcAAAAAwFAIiAYJAoGABUGFR4VHlwVBhUCFQQVABUGFQQSHAAAAAMCAw8AAQAAAHgBAAAAeRUGFRYVFlwVBBUCFQQVABUGFQASHAAAAAMCAAEAAAAAAAAAFQYVEBUQXBUEFQIVBBUAFQYVABIcAAAAAwIAAQAAAHoVBBncNQAYBnNjaGVtYRUQABUEJQIYAmlkABUMJQIYBG5hbWUlAEwcAAAAFQwlAhgDcmF3ABUKJQIYAWYAFQAlAhgCb2sAFQQlAhgCYXQlFEyMERwsAAAAAAA1AhgEdGFncxUCFQZMPAAAADUEGARsaXN0FQIAFQwlAhgHZWxlbWVudCUATBwAAAA1AhgBbxUEABUEJQIYAXAAFQwlAhgBcSUATBwAAAAWBBkcGZwmABwVBBklBgAZGAJpZBUMFgQWRBZEJghJHBUAFQAVAgA8KQYZJgICAAAAJgAcFQwZNQAGEBkYBG5hbWUVDBYEFmAWciaEASZMKSwVBBUAFQIAFQAVEBUCADwWAhkGGSYCAgAAACYAHBUMGSUGABkYA3JhdxUMFgQWQBZAJr4BSRwVABUAFQIAPBYEGQYZJgICAAAAJgAcFQoZJQYAGRgBZhUMFgQWVBZUJv4BSRwVABUAFQIAPCkGGSYABAAAACYAHBUAGRUGGRgCb2sVDBYEFkAWQCbSAkkcFQAVBhUCADwpBhkmAgIAAAAmABwVBBklBgAZGAJhdBUMFgQWRBZEJpIDSRwVABUAFQIAPCkGGSYCAgAAACYAHBUMGSUGABk4BHRhZ3MEbGlzdAdlbGVtZW50FQwWBhZOFk4m1gNJHBUAFQAVAgA8FgQZJgQCGUYCAAAEAAAAJgAcFQQZJQYAGSgBbwFwFQwWBBZGFkYmpARJHBUAFQAVAgA8KQYZNgIAAgAAACYAHBUMGSUGABkoAW8BcRUMFgQWQBZAJuoESRwVABUAFQIAPBYCGQYZNgIAAgAAABaQBRYEJggWogUAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRmcHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAAK4CAABQQVIx',
  brotli:
    'UEFSMRUAFRwVHiwVBBUAFQYVBhwAAAAbDQAApAECBAYGL4EYXgAVBBUKFRJMFQIVABIAAAsCgAEAAABhAxUAFRIVGiwVBBUQFQYVBhwAAAALBIACAAAAAwEBAgADFQAVGBUgLBUEFQAVBhUGHAAAABsLAACkAQIEBpYkssTR8AgVABUsFTAsFQQVABUGFQYcAAAAGxUAAIRwcb9d6iWKpSSUzFKI9GJCv+cAFQAVDhUWLBUEFQAVBhUGHAAAAAsDgAIAAAADAQEDFQAVHBUkLBUEFQAVBhUGHAAAAIsGgAIAAAADAUAiIBgkCgYAAxUAFS4VMCwVBhUAFQYVBhwAAAAbFgAABDxkx7rQKqlIJrJkYRw3EOeKWA4VABUeFR4sFQQVABUGFQYcAAAAGw4AAKQBBgQCBi+BDN0AFQAVGBUgLBUEFQAVBhUGHAAAABsLAACEccDCuE8IFIDDKjgVBBncNQAYBnNjaGVtYRUQABUEJQIYAmlkABUMJQIYBG5hbWUlAEwcAAAAFQwlAhgDcmF3ABUKJQIYAWYAFQAlAhgCb2sAFQQlAhgCYXQlFEyMERwsAAAAAAA1AhgEdGFncxUCFQZMPAAAADUEGARsaXN0FQIAFQwlAhgHZWxlbWVudCUATBwAAAA1AhgBbxUEABUEJQIYAXAAFQwlAhgBcSUATBwAAAAWBBkcGZwmABwVBBklBgAZGAJpZBUIFgQWQhZEJghJHBUAFQAVAgA8KQYZJgICAAAAJgAcFQwZNQAGEBkYBG5hbWUVCBYEFl4WbiZ6JkwpLBUEFQAVAgAVABUQFQIAPBYCGQYZJgICAAAAJgAcFQwZJQYAGRgDcmF3FQgWBBY+FkYmugFJHBUAFQAVAgA8FgQZBhkmAgIAAAAmABwVChklBgAZGAFmFQgWBBZSFlYmgAJJHBUAFQAVAgA8KQYZJgAEAAAAJgAcFQAZJQYAGRgCb2sVCBYEFjQWPCbWAkkcFQAVABUCADwpBhkmAgIAAAAmABwVBBklBgAZGAJhdBUIFgQWQhZKJpIDSRwVABUAFQIAPCkGGSYCAgAAACYAHBUMGSUGABk4BHRhZ3MEbGlzdAdlbGVtZW50FQgWBhZUFlYm3ANJHBUAFQAVAgA8FgQZJgQCGUYCAAAEAAAAJgAcFQQZJQYAGSgBbwFwFQgWBBZEFkQmsgRJHBUAFQAVAgA8KQYZNgIAAgAAACYAHBUMGSUGABkoAW8BcRUIFgQWPhZGJvYESRwVABUAFQIAPBYCGQYZNgIAAgAAABb8BBYEJggWtAUAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRmcHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAAK4CAABQQVIx',
  lz4: 'UEFSMRUAFRwVHiwVBBUAFQYVBhwAAADgAgAAAAMBAQAAAAAAAAAVBBUKFQxMFQIVABIAAFABAAAAYRUAFRIVFCwVBBUQFQYVBhwAAACQAgAAAAMBAQIAFQAVGBUaLBUEFQAVBhUGHAAAAMACAAAAAwECAAAAAAEVABUsFSosFQQVABUGFQYcAAAAcQIAAAAEAQABAKD4PwAAAAAAAABAFQAVDhUQLBUEFQAVBhUGHAAAAHACAAAAAwEBFQAVHBUeLBUEFQAVBhUGHAAAAOACAAAAAwFAIiAYJAoGABUAFS4VLiwVBhUAFQYVBhwAAABwAgAAAAMCAwYAwA8AAQAAAHgBAAAAeRUAFR4VIiwVBBUAFQYVBhwAAADwAAMAAAADAgABAAAAAAAAABUAFRgVGiwVBBUAFQYVBhwAAADAAwAAAAMCAAEAAAB6FQQZ3DUAGAZzY2hlbWEVEAAVBCUCGAJpZAAVDCUCGARuYW1lJQBMHAAAABUMJQIYA3JhdwAVCiUCGAFmABUAJQIYAm9rABUEJQIYAmF0JRRMjBEcLAAAAAAANQIYBHRhZ3MVAhUGTDwAAAA1BBgEbGlzdBUCABUMJQIYB2VsZW1lbnQlAEwcAAAANQIYAW8VBAAVBCUCGAFwABUMJQIYAXElAEwcAAAAFgQZHBmcJgAcFQQZJQYAGRgCaWQVDhYEFkIWRCYISRwVABUAFQIAPCkGGSYCAgAAACYAHBUMGTUABhAZGARuYW1lFQ4WBBZeFmImdCZMKSwVBBUAFQIAFQAVEBUCADwWAhkGGSYCAgAAACYAHBUMGSUGABkYA3JhdxUOFgQWPhZAJq4BSRwVABUAFQIAPBYEGQYZJgICAAAAJgAcFQoZJQYAGRgBZhUOFgQWUhZQJu4BSRwVABUAFQIAPCkGGSYABAAAACYAHBUAGSUGABkYAm9rFQ4WBBY0FjYmvgJJHBUAFQAVAgA8KQYZJgICAAAAJgAcFQQZJQYAGRgCYXQVDhYEFkIWRCb0AkkcFQAVABUCADwpBhkmAgIAAAAmABwVDBklBgAZOAR0YWdzBGxpc3QHZWxlbWVudBUOFgYWVBZUJrgDSRwVABUAFQIAPBYEGSYEAhlGAgAABAAAACYAHBUEGSUGABkoAW8BcBUOFgQWRBZIJowESRwVABUAFQIAPCkGGTYCAAIAAAAmABwVDBklBgAZKAFvAXEVDhYEFj4WQCbUBEkcFQAVABUCADwWAhkGGTYCAAIAAAAW/AQWBCYIFowFACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZnBwAABwAABwAABwAABwAABwAABwAABwAABwAAACuAgAAUEFSMQ==',
}

describe('Parquet', () => {
  test.each(Object.entries(PARQUET))('compressed by %s is read, row by row', (_, base64) => {
    const rows = runMapping(`root = "${base64}".decode("base64").parse_parquet()`)
    expect(rows).toBe(
      '[{"at":"2023-11-14T22:13:20.123456Z","f":1.5,"id":1,"name":"a","o":{"p":1,"q":"z"},"ok":true,"raw":"AAE=","tags":["x","y"]},' +
        '{"at":null,"f":2,"id":null,"name":null,"o":null,"ok":null,"raw":null,"tags":null}]',
    )
  })

  test('with a byte changed is read or refused, and never crashes', () => {
    const whole = Buffer.from(PARQUET['snappy'] ?? '', 'base64')
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole)
        changed[at] = byte
        const mapping = `root = "${changed.toString('base64')}".decode("base64").parse_parquet().type().catch("refused")`
        expect(runMapping(mapping)).toMatch(/^(?:array|refused)$/)
      }),
    )
  })
})
