import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inspectPipeline } from '../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../pipelines/testing.ts'
import { runToEnd, started } from './testing.ts'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-files-'))
})
afterEach(() => rm(directory, { recursive: true }))

const lines = (text: string) => text.trimEnd().split('\n')

describe('the file input', () => {
  test('reads what its patterns name, in order, and tells the path', async () => {
    await mkdir(join(directory, 'in'))
    await writeFile(join(directory, 'in/b.txt'), 'b1\r\nb2')
    await writeFile(join(directory, 'in/a.txt'), 'a1\n\n')
    await writeFile(join(directory, 'last.md'), 'last\n')
    const environment = testEnvironment({ directory })
    const mapping = 'root = @path + " " + content().string()'
    await runToEnd(
      {
        input: { file: { paths: ['in/*.txt', './last.md'] } },
        pipeline: { threads: 1, processors: [{ mapping }] },
        output: { stdout: {} },
      },
      environment,
    )
    expect(lines(environment.stdout.text)).toEqual([
      'in/a.txt a1',
      'in/a.txt ',
      'in/b.txt b1',
      'in/b.txt b2',
      './last.md last',
    ])
  })

  test('deletes a file once all of it was delivered, and not before', async () => {
    await writeFile(join(directory, 'in.txt'), 'one\ntwo\n')
    const environment = testEnvironment({ directory })
    const input = { file: { paths: ['in.txt'], delete_on_finish: true } }
    const stuck = await started({ input, output: { reject: 'no' } }, environment)
    while (stuck.state().counters.outputErrors < 2) await new Promise(setImmediate)
    await stuck.stop(1)
    expect(await readdir(directory)).toEqual(['in.txt'])
    await runToEnd({ input, output: { stdout: {} } }, environment)
    while ((await readdir(directory)).length > 0) await new Promise(setImmediate)
    expect(lines(environment.stdout.text)).toEqual(['one', 'two'])
  })

  test('keeps a file that it cannot understand to its end, and reads the next', async () => {
    await writeFile(join(directory, '1.json'), '1 2 {"a":')
    await writeFile(join(directory, '2.json'), '3')
    const environment = testEnvironment({ directory })
    const scanner = { json_documents: {} }
    const file = { paths: ['*.json'], scanner, delete_on_finish: true }
    await runToEnd({ input: { file }, output: { stdout: {} } }, environment)
    expect(lines(environment.stdout.text)).toEqual(['1', '2', '3'])
    while ((await readdir(directory)).length > 1) await new Promise(setImmediate)
    expect(await readdir(directory)).toEqual(['1.json'])
  })

  test('chooses a scanner by the name of the file, and tells where a message is from', async () => {
    await writeFile(join(directory, 'a.csv.gz'), gzipSync('n\n1\n2\n'))
    await writeFile(join(directory, 'b.txt'), 'whole\ntext')
    const environment = testEnvironment({ directory })
    const scanner = {
      switch: [
        {
          re_match_name: 'csv.gz$',
          scanner: { decompress: { algorithm: 'gzip', into: { csv: {} } } },
        },
        { scanner: { to_the_end: {} } },
      ],
    }
    const mapping = 'root = [@path, @csv_row, content().string()].format_json(no_indent: true)'
    await runToEnd(
      {
        input: { file: { paths: ['a.csv.gz', 'b.txt'], scanner } },
        pipeline: { threads: 1, processors: [{ mapping }] },
        output: { stdout: {} },
      },
      environment,
    )
    expect(lines(environment.stdout.text)).toEqual([
      '["a.csv.gz",0,"{\\"n\\":\\"1\\"}"]',
      '["a.csv.gz",1,"{\\"n\\":\\"2\\"}"]',
      '["b.txt",null,"whole\\ntext"]',
    ])
  })

  test('sends what is rejected again, unless that is not wanted: then it is dropped', async () => {
    await writeFile(join(directory, 'in.txt'), 'one\nno\ntwo\n')
    const environment = testEnvironment({ directory })
    const cases = [
      { check: 'content().string() == "no"', output: { reject: 'no' } },
      { output: { stdout: {} } },
    ]
    const read = (auto_replay_nacks: boolean) => ({
      input: { file: { paths: ['in.txt'], delete_on_finish: true, auto_replay_nacks } },
      output: { switch: { cases } },
    })
    await runToEnd(read(false), environment)
    expect(lines(environment.stdout.text)).toEqual(['one', 'two'])
    // Of which a message was lost, the file is not.
    expect(await readdir(directory)).toEqual(['in.txt'])
    const stuck = await started(read(true), environment)
    while (stuck.state().counters.outputErrors < 3) await new Promise(setImmediate)
    expect(stuck.state().phase).toBe('running')
    await stuck.stop(1)
  })

  test('reads a file of many chunks, in lines of every length', async () => {
    const long = Array.from({ length: 3_000 }, (_, n) => `${n} ${'x'.repeat((n * 7) % 400)}`)
    await writeFile(join(directory, 'in.txt'), long.join('\n'))
    const environment = testEnvironment({ directory })
    await runToEnd({ input: { file: { paths: ['in.txt'] } }, output: { stdout: {} } }, environment)
    expect(lines(environment.stdout.text)).toEqual(long)
  })

  test('does not start without a file that it names', async () => {
    const spec = { input: { file: { paths: ['none.txt'] } }, output: { drop: {} } }
    await expect(started(spec, testEnvironment({ directory }))).rejects.toThrow(
      'cannot read none.txt: there is no such file',
    )
  })
})

describe('the file output', () => {
  const write = (file: object, mapping: string, count: number) =>
    runToEnd(
      {
        input: { generate: { mapping, interval: '', count } },
        output: { file },
      },
      testEnvironment({ directory }),
    )

  test('appends lines, and makes the folders that are missing', async () => {
    for (let run = 0; run < 2; run++) {
      await write({ path: './a/b/out.jsonl' }, 'root.n = counter()', 2)
    }
    expect(lines(await readFile(join(directory, 'a/b/out.jsonl'), 'utf8'))).toEqual([
      '{"n":1}',
      '{"n":2}',
      '{"n":1}',
      '{"n":2}',
    ])
  })

  test('writes each message where it belongs', async () => {
    const mapping = 'root = "x"\nmeta name = counter() % 2'
    await write({ path: './out/${! @name }.txt', codec: 'append' }, mapping, 4)
    await write({ path: './out/whole-${! @name }.txt', codec: 'all-bytes' }, mapping, 4)
    expect((await readdir(join(directory, 'out'))).sort()).toEqual([
      '0.txt',
      '1.txt',
      'whole-0.txt',
      'whole-1.txt',
    ])
    expect(await readFile(join(directory, 'out/1.txt'), 'utf8')).toBe('xx')
    expect(await readFile(join(directory, 'out/whole-1.txt'), 'utf8')).toBe('x')
  })

  test('lets no message leave the folder that the config names', async () => {
    const environment = testEnvironment({ directory })
    const spec = {
      input: { generate: { mapping: 'root = "x"', interval: '', count: 1 } },
      output: { file: { path: './out/${! "../../evil" }' } },
    }
    const pipeline = await started(spec, environment)
    while (pipeline.state().counters.outputErrors === 0) await new Promise(setImmediate)
    expect(pipeline.state().message).toContain('expected a file below')
    await pipeline.stop(1)
    expect((await inspectPipeline(spec)).needs).toEqual([
      { kind: 'file', name: './out/', path: ['output', 'file', 'path'] },
    ])
  })

  test('refuses a codec that there is not, and a file that cannot be opened', async () => {
    const { problems } = await inspectPipeline({
      input: { stdin: {} },
      output: { file: { path: 'x', codec: 'csv' } },
    })
    expect(problems[0]).toMatchObject({ path: ['output', 'file', 'codec'] })
    await mkdir(join(directory, 'folder'))
    const spec = { input: { stdin: {} }, output: { file: { path: 'folder' } } }
    await expect(started(spec, testEnvironment({ directory }))).rejects.toThrow('cannot write')
  })
})
