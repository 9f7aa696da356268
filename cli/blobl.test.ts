/** The commands around mappings, as a person or a script uses them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'
import { indented, LineMapper } from './blobl-lines.ts'
import {
  BODY_BYTES_MAX,
  DOCUMENTS_MAX,
  listenForMappings,
  OUTPUT_BYTES_MAX,
  STEPS_MAX,
} from './blobl-server.ts'
import { bloblangTopic, bloblangTopics } from './blobl-topics.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-blobl-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('blobl', () => {
  test('takes a mapping from a file, with the files that it imports beside it', async () => {
    file('maps.blobl', 'map next {\n  root = this + 1\n}\n')
    const path = file('mapping.blobl', 'import "maps.blobl"\nroot.n = this.n.apply("next")\n')
    const result = await headgate(['blobl', '--file', path], { input: '{"n":1}\n{"n":2}' })
    expect([result.status, result.stdout, result.stderr]).toEqual([0, '{"n":2}\n{"n":3}\n', ''])
  })

  test('prints over several lines, and takes lines that are no JSON', async () => {
    const pretty = await headgate(['blobl', '--pretty', 'root = this'], {
      input: '{"b":[1.0,{}],"a":"x: {"}\n',
    })
    expect(pretty.stdout).toBe('{\n  "a": "x: {",\n  "b": [\n    1.0,\n    {}\n  ]\n}\n')
    const raw = await headgate(['blobl', '--raw', 'root = this.uppercase()'], {
      input: 'not json\r\n',
    })
    expect(raw.stdout).toBe('NOT JSON\n')
  })

  test('passes on the bytes of lines that it assigns nothing of', async () => {
    const result = await headgate(['blobl', 'let x = 1'], { input: '{"b":1.0, "a":2}\nnot json\n' })
    expect([result.status, result.stdout]).toEqual([0, '{"b":1.0, "a":2}\nnot json\n'])
  })

  test('tells what surprises, and runs all the same', async () => {
    const result = await headgate(['blobl', 'meta.x = 1'], { input: '{}\n' })
    expect(result.stdout).toBe('{"meta":{"x":1}}\n')
    expect(result.stderr).toContain('mapping:1:1: warning: this assigns a field named "meta"')
  })

  test('wants one mapping', async () => {
    expect((await headgate(['blobl'])).status).toBe(2)
    expect((await headgate(['blobl', 'this', '--file', 'x'])).status).toBe(2)
    expect((await headgate(['blobl', '--file', join(folder, 'none')])).status).toBe(2)
    expect((await headgate(['blobl', '--watch', 'this'])).status).toBe(2)
  })
})

describe('lines', () => {
  test('are the same however the bytes are cut into chunks', () => {
    const bytes = Buffer.from('{"n":"é"}\n\n{"n":"two"}\r\n{"n":"last"}')
    const identity = {
      map: (batch: readonly { document(): unknown }[]) => ({
        root: batch.map((line) => (line.document() as { n: string }).n).join(''),
        metadata: undefined,
      }),
      mutate: () => {
        throw new Error('never')
      },
    }
    for (let size = 1; size <= bytes.length; size++) {
      const mapper = new LineMapper(identity, { raw: false, pretty: false }, ({ error }) => {
        throw error
      })
      let mapped = ''
      for (let at = 0; at < bytes.length; at += size) {
        mapped += mapper.take(bytes.subarray(at, at + size)).toString()
      }
      expect(mapped + mapper.end().toString()).toBe('é\ntwo\nlast\n')
    }
  })

  test('may become longer than any buffer', () => {
    const text = 'x'.repeat(3_000_000)
    const long = { map: () => ({ root: text, metadata: undefined }), mutate: () => never() }
    const mapper = new LineMapper(long, { raw: true, pretty: false }, never)
    expect(mapper.take(Buffer.from('a\nb\n')).length).toBe(2 * text.length + 2)
  })

  test('are indented without a look into strings', () => {
    const value = { a: ['x, {"y": [1]}', [], {}, { b: '\\"' }] }
    expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, undefined, 2))
  })
})

function never(): never {
  throw new Error('never')
}

describe('blobl fmt', () => {
  test('formats files in place, and says which ones', async () => {
    const path = file('loose.blobl', 'root   = this.a+1\n')
    const checked = await headgate(['blobl', 'fmt', '--check', path])
    expect([checked.status, checked.stdout]).toEqual([1, `${path}\n`])
    const result = await headgate(['blobl', 'fmt', path])
    expect([result.status, result.stdout]).toEqual([0, `${path}\n`])
    expect(readFileSync(path, 'utf8')).toBe('root = this.a + 1\n')
    expect((await headgate(['blobl', 'fmt', '--check', path])).status).toBe(0)
  })

  test('is a filter for editors, which loses nothing of what it cannot read', async () => {
    const good = await headgate(['blobl', 'fmt'], { input: 'root=[1]' })
    expect(good.stdout).toBe('root=[1]')
    expect(good.stderr).toContain('stdin:1:5: error: expected a space on both sides')
    const formatted = await headgate(['blobl', 'fmt', '-'], { input: 'root =   [1 ]' })
    expect(formatted.stdout).toBe('root = [1]\n')
  })
})

describe('blobl explain', () => {
  test('shows a method with its arguments and examples, by any of its names', () => {
    const text = bloblangTopic('.re_replace_all()')
    expect(text).toContain('.re_replace_all(pattern, value)')
    expect(text).toContain('root = "a1b22".re_replace_all("([0-9]+)", "<$1>")')
    expect(text).toContain('gives  a<1>b<22>')
    expect(bloblangTopic('range')).toContain('range(start, stop, [step])')
  })

  test('suggests what is nearly right, and lists what there is', async () => {
    const result = await headgate(['blobl', 'explain', 'uppercse'])
    expect([result.status, result.stderr]).toEqual([
      2,
      expect.stringContaining('Did you mean uppercase?'),
    ])
    expect(bloblangTopics()).toMatch(/Functions\n.*deleted.*Methods\n.*map_each/s)
  })
})

describe('blobl serve', () => {
  const LOCAL = { host: '127.0.0.1', port: 0 }
  const post = async (
    url: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: unknown }> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${url}/map`, { method: 'POST', body: text, headers })
    return { status: response.status, body: await response.json() }
  }

  test('maps documents, each for itself', async () => {
    await using server = await listenForMappings(LOCAL)
    const mapping = 'root = if this.n == 2 { deleted() } else { this.n.uppercase() }'
    const documents = ['{"n":"a"}', '{"n":2}', '{"n":3}']
    expect(await post(server.url, { mapping, documents })).toEqual({
      status: 200,
      body: {
        warnings: [],
        results: [
          { output: 'A' },
          { deleted: true },
          { error: expect.stringContaining('expected string value') },
        ],
      },
    })
    expect(await post(server.url, { mapping: 'root = nwo()', documents: [] })).toMatchObject({
      body: { problems: [{ line: 1, column: 8, hint: 'did you mean "now"?' }] },
    })
  })

  test('reads no variable and no file', async () => {
    await using server = await listenForMappings(LOCAL)
    const results = await post(server.url, { mapping: 'root = env("PATH")', documents: ['{}'] })
    expect(results.body).toMatchObject({ results: [{ output: 'null' }] })
    const imported = await post(server.url, { mapping: 'from "x"', documents: [] })
    expect(imported.body).toMatchObject({
      problems: [{ message: expect.stringContaining('cannot be read here') }],
    })
  })

  test('refuses web pages and whatever is no mapping', async () => {
    await using server = await listenForMappings(LOCAL)
    const good = { mapping: 'root = 1', documents: ['{}'] }
    const page = await post(server.url, good, { origin: 'http://example.com' })
    expect(page.status).toBe(403)
    const own = await post(server.url, good, { origin: server.url })
    expect(own.status).toBe(200)
    for (const wrong of ['{', {}, { mapping: 1 }, { mapping: 'x', documents: [1] }]) {
      expect((await post(server.url, wrong)).status).toBe(400)
    }
    expect((await fetch(server.url)).status).toBe(404)
    expect((await fetch(`${server.url}/map`)).status).toBe(405)
  })

  test('takes as much as its limits, and no more', async () => {
    await using server = await listenForMappings(LOCAL)
    const many = (count: number): Promise<{ readonly status: number }> =>
      post(server.url, { mapping: 'root = 1', documents: Array.from({ length: count }, () => '') })
    expect((await many(DOCUMENTS_MAX)).status).toBe(200)
    expect((await many(DOCUMENTS_MAX + 1)).status).toBe(400)
    const padded = (bytes: number): string =>
      '{"mapping":"root = 1","documents":[]}'.padEnd(bytes, ' ')
    expect((await post(server.url, padded(BODY_BYTES_MAX))).status).toBe(200)
    expect((await post(server.url, padded(BODY_BYTES_MAX + 1))).status).toBe(413)
  })

  test('runs mappings for so many steps, and gives so much, and no more', async () => {
    await using server = await listenForMappings(LOCAL)
    const half = OUTPUT_BYTES_MAX / 2
    const mapping = `root = if this { "x".repeat(${half}) } else { "" }`
    const fits = await post(server.url, { mapping, documents: ['true', 'true', 'false'] })
    expect(fits.body).toMatchObject({ results: [{}, {}, { output: '' }] })
    const small = { mapping: 'root = "x".repeat(this)', documents: [`${half}`, `${half}`, '1'] }
    expect((await post(server.url, small)).body).toMatchObject({
      results: [{}, {}, { error: expect.stringContaining('bytes of output') }],
    })
    const loop = (count: number): Promise<unknown> =>
      post(server.url, {
        mapping: 'root = this.map_each(this.map_each(this)).length()',
        documents: [JSON.stringify(Array.from({ length: count }, () => Array(99).fill(1)))],
      })
    expect(STEPS_MAX % 100).toBe(0)
    expect(await loop(1_000)).toMatchObject({ body: { results: [{ output: '1000' }] } })
    expect(await loop(STEPS_MAX / 100 + 1)).toMatchObject({
      body: { results: [{ error: expect.stringContaining(`at most ${STEPS_MAX} steps`) }] },
    })
  })
})
