import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { runProcessors } from '../run-processors.ts'

const awked = (codec: string, program: string, ...given: unknown[]) =>
  runProcessors([{ mapping: 'meta who = "ann"' }, { awk: { codec, program } }], given)

describe('awk', () => {
  test('replaces the content by what is printed, and keeps it where nothing is', async () => {
    const { batches } = await awked('text', '/a/ { print $2; print who }', 'a b', 'c d')
    expect(batches).toEqual([['b\nann', 'c d']])
  })

  test('has the values of a document as variables', async () => {
    const { batches } = await awked('json', '{ print a_b_0 + x, who NF }', {
      a: { b: [4] },
      x: 1.5,
      NF: 9,
    })
    expect(batches).toEqual([['5.5 ann0']])
  })

  test('gives neither with none', async () => {
    const { batches } = await awked('none', '{ print "[" $0 who "]" metadata_get("who") }', {
      who: 1,
    })
    expect(batches).toEqual([['[]ann']])
  })

  test('changes documents by their paths', async () => {
    const program = `{
      json_set("n.text", "1"); json_set_int("n.int", 2.9); json_set_float("n.float", 2.5); json_set_bool("n.bool", "true")
      json_append("list", "b"); json_append_int("new", 1); json_append_int("new", 2); json_append_bool("one", "true"); json_delete("gone")
      json_set("__proto__", "p"); json_delete("nowhere.at.all")
    }`
    const { batches } = await awked('none', program, { list: ['a'], one: 1, gone: 1 })
    const made =
      '{"list":["a","b"],"one":[1,true],"n":{"text":"1","int":2,"float":2.5,"bool":true},"new":[1,2],"__proto__":"p"}'
    expect(batches).toEqual([[JSON.parse(made)]])
  })

  test('tells of values, times and encodings', async () => {
    const program = `{
      print json_get("s"), json_get("none"), json_length("s"), json_length("l"), json_length("n")
      print json_type("s"), json_type("n"), json_type("f"), json_type("b"), json_type("z"), json_type("l"), json_type("o"), json_type("none")
      print timestamp_unix("1970-01-02T00:00:00Z"), timestamp_unix_nano("1970-01-01T00:00:01.5Z"), timestamp_format(86400), timestamp_format(86400, "2006")
      print base64_encode("hi"), base64_decode("aGk="), create_json_object("a", 1, "b", "x"), create_json_array("1", 2)
    }`
    const { batches } = await awked('none', program, {
      s: 'text',
      n: 1,
      f: 1.5,
      b: true,
      z: null,
      l: [1, 2],
      o: {},
    })
    expect(String(batches[0]?.[0]).split('\n')).toEqual([
      'text null 4 2 0',
      'string int float bool null array object undefined',
      '86400 1500000000 1970-01-02T00:00:00Z 1970',
      'aGk= hi {"a":"1","b":"x"} ["1","2"]',
    ])
  })

  test('sets metadata, and lets a program have functions of the same names', async () => {
    const program =
      'function json_get(a) { return "own" a } { metadata_set("k", 5); print json_get(1) metadata_get("k") }'
    const { batches, messages } = await awked('none', program, 'x')
    expect(batches).toEqual([['own15']])
    expect(messages[0]?.metadata('k')).toBe('5')
    expect(messages[0]?.metadata('who')).toBe('ann')
  })

  test('flags what fails, and leaves it as it was', async () => {
    const { batches, failures } = await awked(
      'none',
      '{ json_set("a", 1 / json_get("n")) }',
      { n: 0 },
      { n: 2 },
      'no JSON',
    )
    expect(batches).toEqual([[{ n: 0 }, { n: 2, a: '0.5' }, 'no JSON']])
    expect(failures[0]).toContain('divide by zero')
    expect(failures[1]).toBeUndefined()
    expect(failures[2]).toContain('JSON')
  })

  test('tells of a mistake in a program before it runs, with its place', async () => {
    const spec = {
      input: { stdin: {} },
      pipeline: { processors: [{ awk: { codec: 'text', program: '{ print\n system("ls") }' } }] },
      output: { stdout: {} },
    }
    const { problems } = await inspectPipeline(spec)
    expect(problems.map(({ message }) => message).join()).toContain(
      'line 2 column 2: system is not there',
    )
  })
})
