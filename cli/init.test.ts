import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { headgate, until, up } from '../test/harness/headgate-process.ts'

const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'headgate-init-'))

describe('init', () => {
  test('writes a folder that is valid, in form, and runs as it is', async () => {
    const workingDirectory = emptyFolder()
    const written = await headgate(['init'], { workingDirectory })
    expect([written.status, written.stdout.split('\n').slice(0, 2)]).toEqual([
      0,
      ['config/streams.yaml', 'config/pipelines.yaml'],
    ])
    expect(written.stderr).toContain('headgate up config')
    expect(await headgate(['validate', 'config'], { workingDirectory })).toMatchObject({
      status: 0,
      stdout: '',
    })
    expect(await headgate(['fmt', '--check', 'config'], { workingDirectory })).toMatchObject({
      status: 0,
      stdout: '',
    })

    const dataDirectory = join(workingDirectory, '.headgate')
    await using server = await up({ folder: join(workingDirectory, 'config'), dataDirectory })
    const shout = await until('a record', async () => {
      const { stdout } = await headgate([
        'tail',
        'shouts',
        '--from',
        'earliest',
        '--no-follow',
        '--data-dir',
        dataDirectory,
      ])
      return stdout === '' ? undefined : stdout
    })
    expect(shout).toContain('{"greeting":"HELLO","number":1}')
    const sources = await headgate(['get', 'all', '-o', 'json', '--server', server.url])
    expect((JSON.parse(sources.stdout) as { items: unknown[] }).items).toHaveLength(4)
  })

  test('names the schema that it wrote, from each document', async () => {
    const folder = emptyFolder()
    await headgate(['init', folder])
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.yaml'))) {
      for (const document of readFileSync(join(folder, name), 'utf8').split('\n---\n')) {
        const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(document) ?? []
        expect(JSON.parse(readFileSync(join(folder, schema), 'utf8'))).toHaveProperty('allOf')
      }
    }
  })

  test('overwrites nothing, and writes nothing where it would', async () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'pipelines.yaml'), '# mine\n')
    const result = await headgate(['init', folder])
    expect([result.status, result.stderr]).toEqual([
      2,
      expect.stringContaining('has pipelines.yaml already'),
    ])
    expect(readdirSync(folder)).toEqual(['pipelines.yaml'])
    const file = await headgate(['init', join(folder, 'pipelines.yaml')])
    expect([file.status, file.stderr]).toEqual([2, expect.stringContaining('expected a folder')])
  })
})
