import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { compileGrok, GROK_DEPTH_MAX, GROK_LENGTH_MAX } from '../logs/grok.ts'
import { GROK_PATTERNS } from '../logs/grok-patterns.ts'
import { runProcessors } from '../run-processors.ts'
import { textFiles } from '../testing.ts'
import { PATTERN_FILES_MAX } from './grok.ts'

const options = { namedOnly: true, removesEmpty: true }
const patterns = new Map(Object.entries(GROK_PATTERNS))

/** What a pattern finds of a text, from its begin to its end. */
function whole(pattern: string, text: string): boolean {
  const find = compileGrok(`^%{${pattern}:found}$`, { ...options, patterns })
  return find(text)?.get('found') === text
}

describe('the patterns of grok', () => {
  test('are all read', () => {
    for (const name of patterns.keys()) compileGrok(`%{${name}}`, { ...options, patterns })
  })

  test.each<[string, string[], string[]]>([
    ['INT', ['0', '-12', '+3'], ['', '1.5', 'x']],
    ['NUMBER', ['1.5', '.5', '-3'], ['1.', 'e']],
    ['IPV4', ['0.0.0.0', '255.255.255.255', '10.1.2.3'], ['256.1.1.1', '1.2.3', '01.1.1.1']],
    [
      'IPV6',
      [
        '::',
        '::1',
        '1::',
        'fe80::1%eth0',
        '1:2:3:4:5:6:7:8',
        '::ffff:1.2.3.4',
        '1:2::7:8',
        '1::3:4:5:6:7:8',
      ],
      ['1:2:3:4:5:6:7', '1::2::3', '12345::', ':1', '1:2:3:4:5:6:7:8:9'],
    ],
    ['HOSTNAME', ['a', 'a-b.example', 'x.y.z.'], ['-a', '.a']],
    ['MAC', ['00:1a:2B:3c:4d:5e', '001a.2b3c.4d5e', '00-1A-2B-3C-4D-5E'], ['00:1a:2B:3c:4d']],
    ['UUID', ['123e4567-e89b-12d3-a456-426614174000'], ['123e4567-e89b-12d3-a456']],
    ['QS', ['"a \\" b"', "'x'"], ['"a']],
    ['EMAILADDRESS', ['a.b+c@x.example'], ['a@', '@x']],
    ['MONTH', ['Jan', 'september'], ['Janu']],
    ['TIME', ['23:59', '7:05:60', '12:00:00.123'], ['24:00', '12:60']],
    [
      'TIMESTAMP_ISO8601',
      ['2024-02-29T23:59:60.5Z', '2024-02-29 23:59+0100'],
      ['2024-13-01T00:00'],
    ],
    ['HTTPDATE', ['10/Oct/2000:13:55:36 -0700'], ['10/10/2000']],
    ['SYSLOGTIMESTAMP', ['Oct  1 01:02:03', 'Oct 11 01:02:03'], ['Oct 1']],
    ['LOGLEVEL', ['WARN', 'error', 'Information'], ['loud']],
    ['URI', ['http://u:p@a.example:80/x/y?z=1', 'ftp://h'], ['http:x']],
    ['PATH', ['/a/b', 'C:\\x\\y', '/'], ['a/b']],
    ['POSINT', ['1', '10'], ['0', '-1']],
  ])('%s', (pattern, those, others) => {
    expect(those.filter((text) => !whole(pattern, text))).toEqual([])
    expect(others.filter((text) => whole(pattern, text))).toEqual([])
  })

  test('read lines of logs', () => {
    const found = (pattern: string, text: string) =>
      Object.fromEntries(compileGrok(`^%{${pattern}}$`, { ...options, patterns })(text) ?? [])
    expect(found('SYSLOGLINE', 'Oct 11 22:14:15 host su[12]: it failed')).toEqual({
      timestamp: 'Oct 11 22:14:15',
      logsource: 'host',
      program: 'su',
      pid: '12',
      message: 'it failed',
    })
    const common = '::1 - - [10/Oct/2000:13:55:36 +0000] "-" 408 -'
    expect(found('COMBINEDAPACHELOG', `${common} "-" "curl/8"`)).toMatchObject({
      rawrequest: '-',
      response: '408',
      agent: '"curl/8"',
    })
    const error = '[Sat Oct 09 14:50:46.1 2021] [core:error] [pid 9:tid 10] [client ::1:5] AH01: no'
    expect(found('HTTPD_ERRORLOG', error)).toMatchObject({ loglevel: 'error', errorcode: 'AH01' })
  })
})

describe('grok', () => {
  test('takes the first expression that finds something, and flags what none does', async () => {
    const grok = { expressions: ['^%{INT:n:int}$', '%{WORD}', '^%{WORD:word}', '(?P<own>-+)'] }
    const { batches, failures } = await runProcessors([{ grok }], ['12', 'ab cd', '--', '?'])
    expect(batches).toEqual([[{ n: 12 }, { word: 'ab' }, { own: '--' }, '?']])
    expect(failures.map((one) => one !== undefined)).toEqual([false, false, false, true])
  })

  test('keeps whole numbers exactly, and flags a number that is none', async () => {
    const grok = { expressions: ['(?:%{NOTSPACE:n:int})'] }
    const { messages, failures } = await runProcessors([{ grok }], ['9007199254740993', 'x'])
    expect(Buffer.from(messages[0]?.content() ?? []).toString()).toBe('{"n":9007199254740993}')
    expect(failures[1]).toBe('expected a number of the type int, got x')
  })

  test('finds patterns by their own names, and empty fields, where it is told to', async () => {
    const expressions = ['%{WORD}=%{DATA:value}$']
    const grok = { expressions, named_captures_only: false, remove_empty_values: false }
    const { batches } = await runProcessors([{ grok }], ['a='])
    expect(batches).toEqual([[{ WORD: 'a', value: '' }]])
  })

  test('takes a field from whichever side of a choice found it', async () => {
    const grok = { expressions: ['(?:a=%{INT:n}|b=%{INT:n})'] }
    expect((await runProcessors([{ grok }], ['b=2'])).batches).toEqual([[{ n: '2' }]])
  })

  test('puts names with dots into objects, and no prototype', async () => {
    const grok = { expressions: ['%{WORD:a.b} %{WORD:a.c} %{WORD:__proto__.x}'] }
    const { messages } = await runProcessors([{ grok }], ['1 2 3'])
    const text = Buffer.from(messages[0]?.content() ?? []).toString()
    expect(text).toBe('{"__proto__":{"x":"3"},"a":{"b":"1","c":"2"}}')
  })

  test('reads patterns from files, which its own definitions overrule', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headgate-grok-'))
    await writeFile(join(directory, 'one.grok'), '')
    const files = textFiles({
      'one.grok': '# none\nA  [a-z]+\r\nB [0-9]+ \n\n',
      'more/two': 'C x',
    })
    const environment = testEnvironment({ files, directory })
    const grok = {
      expressions: ['^%{A:a}%{B:b}%{C:c}$'],
      pattern_paths: ['*.grok', 'more/two'],
      pattern_definitions: { C: 'y' },
      use_default_patterns: false,
    }
    const { batches } = await runProcessors([{ grok }], ['ab12y'], { environment })
    expect(batches).toEqual([[{ a: 'ab', b: '12', c: 'y' }]])
    const { needs } = await inspectPipeline({ pipeline: { processors: [{ grok }] } })
    expect(needs.map(({ name }) => name)).toEqual(['.', 'more/two'])
    await rm(directory, { recursive: true })
  })

  test('reads so many files as the limit, and no more', async () => {
    const environment = testEnvironment({ files: textFiles({ a: 'A a' }) })
    const read = (count: number) => {
      const grok = { expressions: ['%{A:a}'], pattern_paths: Array(count).fill('a') }
      return runProcessors([{ grok }], ['a'], { environment })
    }
    expect((await read(PATTERN_FILES_MAX)).batches).toEqual([[{ a: 'a' }]])
    await expect(read(PATTERN_FILES_MAX + 1)).rejects.toMatchObject({ code: 'LimitExceeded' })
  })

  test('follows patterns as deep as the limit, and no deeper', () => {
    const chain = (depth: number) =>
      new Map<string, string>(Array.from({ length: depth }, (_, n) => [`P${n}`, `%{P${n + 1}}`]))
    const compile = (depth: number) =>
      compileGrok('%{P0:x}', { ...options, patterns: chain(depth - 1).set(`P${depth - 1}`, 'a') })
    expect(compile(GROK_DEPTH_MAX)('a')?.get('x')).toBe('a')
    expect(() => compile(GROK_DEPTH_MAX + 1)).toThrow(`more than ${GROK_DEPTH_MAX} deep`)
  })

  test('writes expressions out as far as the limit, and no further', () => {
    const compile = (length: number) =>
      compileGrok('%{P:x}', { ...options, patterns: new Map([['P', 'a'.repeat(length)]]) })
    const around = '(?P<headgate0>)'.length
    expect(compile(GROK_LENGTH_MAX - around)('b')).toBeUndefined()
    expect(() => compile(GROK_LENGTH_MAX - around + 1)).toThrow('written out')
  })

  test('refuses patterns that nobody defined, types that are none, and what RE2 does not read', async () => {
    const expressions = ['%{NONE}', '%{INT:a:date}', '(?=a)', '%{SELF}', 'a${B}']
    const grok = { expressions, pattern_definitions: { SELF: '%{SELF}' } }
    const { problems } = await inspectPipeline({ pipeline: { processors: [{ grok }] } })
    expect(problems.map(({ path }) => path.at(-1))).toEqual([0, 1, 2, 3])
  })
})
