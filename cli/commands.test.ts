import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HeadgateProcess, headgate, up } from '../test/harness/headgate-process.ts'

let folder: string
let server: HeadgateProcess

const TYPE = `apiVersion: headgate.dev/v1alpha1
kind: StreamType
metadata: {name: reading}
spec:
  properties:
    - {id: at, type: DateTime, key: 1}
    - {id: value, type: Double}
`
const STREAMS = `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: raw}
---
apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: readings}
spec: {type: reading, shards: 2}
`

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'headgate-commands-'))
  folder = root
  writeFileSync(join(root, 'types.yaml'), TYPE)
  writeFileSync(join(root, 'streams.yaml'), STREAMS)
  server = await up({ folder, dataDirectory: join(root, '.data') })
})
afterAll(async () => {
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
})

const run = (args: readonly string[], input?: string): ReturnType<typeof headgate> =>
  headgate([...args, '--server', server.url], input === undefined ? {} : { input })

describe('produce and tail', () => {
  test('give back values byte for byte, from arguments and from stdin', async () => {
    const given = await run(['produce', 'raw', '{"n": 1.0}', 'not json'])
    expect([given.status, given.stdout, given.stderr]).toEqual([
      0,
      '',
      '2 records written to raw\n',
    ])
    const piped = await run(
      ['produce', 'raw', '--key', 'k', '-o', 'json'],
      '12345678901234567890\r\n\n"b"',
    )
    expect(piped.stdout).toBe('{"shard":0,"sequence":3}\n{"shard":0,"sequence":4}\n')
    const all = await run(['tail', 'raw', '--no-follow'])
    expect(all.stdout).toBe('{"n": 1.0}\nnot json\n12345678901234567890\n"b"\n')
    const json = await run([
      'tail',
      'raw',
      '--no-follow',
      '--from',
      '3',
      '--limit',
      '1',
      '-o',
      'json',
    ])
    expect(JSON.parse(json.stdout)).toMatchObject({ shard: 0, sequence: 3, key: 'k' })
  })

  test('name the record that does not fit its type', async () => {
    const result = await run(['produce', 'readings', '{"at":"2026-01-01T00:00:00Z","value":"x"}'])
    expect(result.status).toBe(1)
    expect(result.stderr).toContain('error: records[0]: ')
  })

  test('say which stream is not there', async () => {
    for (const command of ['tail', 'produce']) {
      const result = await run([command, 'nothing', ...(command === 'produce' ? ['1'] : [])])
      expect([result.status, result.stderr]).toEqual([
        1,
        expect.stringContaining('streams.headgate.dev "nothing" not found'),
      ])
    }
  })
})

describe('get', () => {
  test('prints a table, and one object as YAML or JSON', async () => {
    const table = await run(['get', 'streams'])
    expect(table.stdout).toMatch(/^NAME +READY .*STATUS\nraw +True .*\nreadings +True /)
    const yaml = await run(['get', 'Stream', 'readings', '-o', 'yaml'])
    expect(yaml.stdout).toMatch(/^apiVersion: headgate.dev\/v1alpha1\nkind: Stream\n/)
    const list = JSON.parse((await run(['get', 'all', '-o', 'json'])).stdout) as {
      items: unknown[]
    }
    expect(list.items).toHaveLength(3)
    expect((await run(['get', 'sources'])).stdout).toContain(folder)
  })

  test('suggests the kind that was meant', async () => {
    const result = await run(['get', 'streems'])
    expect([result.status, result.stderr]).toEqual([
      2,
      expect.stringContaining('Did you mean streams?'),
    ])
  })
})

describe('plan and validate', () => {
  test('plan says what would change, and changes nothing', async () => {
    const none = await run(['plan', '--detailed-exitcode'])
    expect([none.status, none.stdout]).toEqual([0, 'Nothing to change: 3 resources as declared.\n'])
    const other = mkdtempSync(join(tmpdir(), 'headgate-plan-'))
    writeFileSync(join(other, 'types.yaml'), TYPE)
    writeFileSync(
      join(other, 'streams.yaml'),
      `${STREAMS}---\n${STREAMS.split('---')[0]}`.replace(/raw(?!.*raw)/s, 'new'),
    )
    const some = await run(['plan', other, '--detailed-exitcode'])
    expect(some.status).toBe(2)
    expect(some.stdout).toContain('  + create Stream new  streams.yaml:')
    expect((await run(['plan', other, '--exit-code'])).status).toBe(3)
    expect((await run(['plan', other])).status).toBe(0)
    const piped = await run(['plan', '-', '-o', 'markdown'], TYPE)
    expect(piped.stdout).toContain('### Headgate plan for `local`: 2 to retain, 1 as declared')
    expect(some.stdout).toContain('Plan: 1 to create, 3 as declared.')
    const json = JSON.parse((await run(['plan', other, '-o', 'json'])).stdout) as object
    expect(json).toMatchObject({
      source: 'local',
      actions: [{ verb: 'create', name: 'new', cost: null }],
    })
    expect((await run(['get', 'stream', 'new'])).status).toBe(1)
    rmSync(other, { recursive: true })
  })

  test('validate prints the line with a caret, and JSON for tools', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'headgate-validate-')), 'a.yaml')
    writeFileSync(file, STREAMS.replace('shards', 'shads'))
    const text = await headgate(['validate', file])
    expect(text.status).toBe(1)
    expect(text.stdout).toContain(`${file}:8:`)
    expect(text.stdout).toContain('^^^^^')
    expect(text.stdout).toContain('did you mean shards?')
    const json = JSON.parse((await headgate(['validate', file, '-o', 'json'])).stdout) as {
      problems: Record<string, unknown>[]
    }
    expect(json.problems.find(({ layer }) => layer === 'schema')).toMatchObject({
      severity: 'error',
      file,
      line: 8,
    })
    const good = await headgate(['validate', folder])
    expect([good.status, good.stdout]).toEqual([0, ''])
    const missing = await headgate(['validate', '/nowhere'])
    expect([missing.status, missing.stderr]).toEqual([
      2,
      expect.stringContaining('no file or folder /nowhere'),
    ])
  })
})

describe('blobl', () => {
  test('maps a line to a line, drops what is deleted, and names the line that fails', async () => {
    const mapping = 'root = if this.n == 2 { deleted() } else { this.n.uppercase() }'
    const result = await headgate(['blobl', mapping], { input: '{"n":"a"}\n{"n":2}\n{"n":3}\n' })
    expect([result.status, result.stdout]).toEqual([1, 'A\n'])
    expect(result.stderr).toContain('line 3 of stdin')
  })

  test('shows where a mapping is wrong', async () => {
    const result = await headgate(['blobl', 'root.a = this.b.upercase()'])
    expect(result.status).toBe(1)
    expect(result.stderr).toMatch(
      /mapping:1:\d+: error: .*\n1 \| root\.a = this\.b\.upercase\(\)\n +\^/,
    )
    expect(result.stderr).toContain('uppercase')
  })
})

describe('mistakes', () => {
  test('an unknown command or option is a usage error with a suggestion', async () => {
    const command = await headgate(['pln'])
    expect([command.status, command.stderr]).toEqual([
      2,
      expect.stringContaining('Did you mean plan?'),
    ])
    const option = await headgate(['get', 'streams', '--ouput', 'json'])
    expect([option.status, option.stderr]).toEqual([2, expect.stringContaining('--output')])
    const choice = await headgate(['get', 'streams', '-o', 'xml'])
    expect([choice.status, choice.stderr]).toEqual([
      2,
      expect.stringContaining('table, wide, name, yaml, json'),
    ])
    expect((await headgate(['tail'])).status).toBe(2)
    expect((await headgate([])).status).toBe(2)
  })

  test('a server that is not there is named, with how to start one', async () => {
    const result = await headgate(['get', 'all', '--server', '127.0.0.1:1'])
    expect(result.status).toBe(1)
    expect(result.stderr).toContain('no Headgate server answers at http://127.0.0.1:1')
    expect(result.stderr).toContain('headgate up FOLDER')
  })

  test('help and version are data on stdout and end with 0', async () => {
    const help = await headgate(['up', '--help'])
    expect([help.status, help.stderr]).toEqual([0, ''])
    expect(help.stdout).toContain('--prune-settle <DURATION>')
    expect((await headgate(['version'])).stdout).toMatch(/^headgate \d+\.\d+\.\d+ /)
  })
})
