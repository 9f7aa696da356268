import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runToEnd, started } from '../testing.ts'
import { CSV_BATCH_ROWS_MAX } from './csv.ts'

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headgate-csv-'))
})
afterEach(() => rm(directory, { recursive: true }))

const put = (name: string, text: string) => writeFile(join(directory, name), text)

/** What comes out of the files, each batch as a list of its messages. */
async function read(csv: object, mapping = 'root = this'): Promise<unknown[]> {
  const environment = testEnvironment({ directory })
  const pipeline = { processors: [{ mapping }, { archive: { format: 'json_array' } }] }
  await runToEnd({ input: { csv }, pipeline, output: { stdout: {} } }, environment)
  return environment.stdout.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('a row is an object by the header of its own file', async () => {
  await put('a.csv', 'id,name\r\n1,"Ada ""L."""\r\n')
  await put('b.csv', 'name,id\nGrace,2\n')
  expect(await read({ paths: ['*.csv'] })).toEqual([
    [{ id: '1', name: 'Ada "L."' }],
    [{ id: '2', name: 'Grace' }],
  ])
})

test('the metadata tells the header in its order, the file and the row', async () => {
  await put('a.csv', 'z,a\n1,2\n3,4\n')
  const mapping = 'root = [@header, @path, @csv_row, @mod_time_unix.type(), @mod_time.type()]'
  expect(await read({ paths: ['a.csv'] }, mapping)).toEqual([
    [[['z', 'a'], 'a.csv', 0, 'number', 'string']],
    [[['z', 'a'], 'a.csv', 1, 'number', 'string']],
  ])
})

test('without a header a row is a list, and batches have as many rows as asked for', async () => {
  await put('a.csv', '1;2\n3;4\n5;6\n')
  const csv = { paths: ['a.csv'], delimiter: ';', parse_header_row: false, batch_count: 2 }
  expect(await read(csv)).toEqual([
    [
      ['1', '2'],
      ['3', '4'],
    ],
    [['5', '6']],
  ])
})

test('quotes where they should not be are taken lazily', async () => {
  await put('a.csv', 'text\nsay "hi"\n')
  expect(await read({ paths: ['a.csv'], lazy_quotes: true })).toEqual([[{ text: 'say "hi"' }]])
})

test('a file with another header, or rows of another length, is told and stays', async () => {
  await put('1.csv', 'id,nam\n1,2\n')
  await put('2.csv', 'id,name\n1,2\n1,2,3\n4,5\n')
  await put('3.csv', 'id,name\n6,7\n')
  const environment = testEnvironment({ directory })
  const paths = ['1.csv', '2.csv', '3.csv']
  const csv = { paths, expected_headers: ['id', 'name'], delete_on_finish: true }
  const pipeline = await started({ input: { csv }, output: { stdout: {} } }, environment)
  const told = new Set<string>()
  while (pipeline.state().phase !== 'completed') {
    const { message } = pipeline.state()
    if (message !== undefined) told.add(message)
    await new Promise(setImmediate)
  }
  expect([...told].join('\n')).toContain('expected the header ["id","name"], got ["id","nam"]')
  expect([...told].join('\n')).toContain('expected 2 fields, got 3')
  expect(environment.stdout.text).toBe('{"id":"1","name":"2"}\n{"id":"6","name":"7"}\n')
  while ((await readdir(directory)).length > 2) await new Promise(setImmediate)
  expect((await readdir(directory)).sort()).toEqual(['1.csv', '2.csv'])
})

test('what cannot be meant is refused', async () => {
  const problems = async (csv: object): Promise<readonly string[]> => {
    const spec = { input: { csv: { paths: ['a'], ...csv } }, output: { drop: {} } }
    return (await inspectPipeline(spec)).problems.map(({ path }) => path.join('.'))
  }
  expect(await problems({ delimiter: '"' })).toEqual(['input.csv.delimiter'])
  expect(await problems({ batch_count: CSV_BATCH_ROWS_MAX })).toEqual([])
  expect(await problems({ batch_count: CSV_BATCH_ROWS_MAX + 1 })).toEqual(['input.csv.batch_count'])
  const headers = { expected_headers: ['a'] }
  expect(await problems({ ...headers, parse_header_row: false })).toEqual([
    'input.csv.expected_headers',
  ])
  expect(await problems({ ...headers, expected_number_of_fields: 2 })).toEqual([
    'input.csv.expected_number_of_fields',
  ])
})
