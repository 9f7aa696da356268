import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runProcessors } from '../run-processors.ts'
import { textFiles } from '../testing.ts'

const schema = JSON.stringify({
  type: 'object',
  properties: { name: { type: 'string', pattern: '^a+$' }, tags: { uniqueItems: true } },
  required: ['name'],
})

const inspected = (json_schema: object) =>
  inspectPipeline({ pipeline: { processors: [{ json_schema }] } })

describe('json_schema', () => {
  test('flags what does not fit, says every reason, and changes nothing', async () => {
    const given = [{ name: 'aa' }, { name: 1, tags: [1, { a: 1 }, { a: 1 }] }, {}, 'not JSON']
    const { batches, failures } = await runProcessors([{ json_schema: { schema } }], given)
    expect(batches).toEqual([given])
    expect(failures).toEqual([
      undefined,
      'name invalid type. expected: string, given: integer\ntags array items must be unique',
      '(root) name is required',
      expect.stringContaining('JSON'),
    ])
  })

  test('judges hundreds of thousands of items that must be unique', async () => {
    const tags = Array.from({ length: 200_000 }, (_, n) => ({ n }))
    const { failures } = await runProcessors([{ json_schema: { schema } }], [{ name: 'a', tags }])
    expect(failures).toEqual([undefined])
  })

  test('reads its schema from a file that its source was granted', async () => {
    const json_schema = { schema_path: 'file:///schemas/a.json' }
    const environment = testEnvironment({ files: textFiles({ '/schemas/a.json': schema }) })
    const { failures } = await runProcessors([{ json_schema }], [{ name: 'b' }], { environment })
    expect(failures).toEqual(["name does not match pattern '^a+$'"])
    const { needs } = await inspected(json_schema)
    expect(needs).toMatchObject([{ kind: 'file', name: '/schemas/a.json' }])
    await expect(runProcessors([{ json_schema }], [])).rejects.toMatchObject({
      code: 'GrantMissing',
    })
  })

  test.each([
    [{}, 'expected either schema or schema_path, got neither'],
    [{ schema, schema_path: 'a.json' }, 'expected either schema or schema_path, got both'],
    [{ schema: '{' }, 'expected a JSON schema'],
    [{ schema: '{"$ref": "http://a/b"}' }, "can't resolve reference"],
    [{ schema_path: 'http://a/b' }, 'expected the path of a file, got "http://a/b"'],
    [{ schema, strict: true }, 'unknown field "strict"'],
  ])('refuses %j', async (config, message) => {
    const { problems } = await inspected(config)
    expect(problems).toMatchObject([{ message: expect.stringContaining(message) }])
  })
})
