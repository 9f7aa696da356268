import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
