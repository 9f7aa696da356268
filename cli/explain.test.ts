import { beforeAll, describe, expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'
import { topicText } from './explain-text.ts'
import { childrenOf, findTopic } from './explain-topic.ts'
import { topicsText } from './explain-topics.ts'
import { type ResolvedSchemas, ROLES, resolveSchemas } from './resolved-schemas.ts'

let resolved: ResolvedSchemas

beforeAll(async () => {
  resolved = await resolveSchemas()
})

const explained = (asked: string, recursive = false): Promise<string> =>
  topicText(findTopic(asked, resolved), resolved, recursive)
const hintOf = (asked: string): string => {
  try {
    findTopic(asked, resolved)
  } catch (error) {
    return (error as { hint: string }).hint
  }
  return 'found'
}

describe('explain', () => {
  test('tells of a field its form, default, meaning, rules, an example and what a change does', async () => {
    expect(await explained('Stream.spec.shards')).toBe(`Stream.spec.shards
  integer, 1 to 4096; default 1

How many ordered logs it has. Shards only grow.

Changing it: More shards are added, and some keys move to the new ones; fewer are satisfied by those that exist, with a warning.

EXAMPLE
  spec:
    shards: 4
`)
    expect(await explained('Stream.spec.indexes')).toContain('RULES\n  indexes need a type\n')
  })

  test.each([
    ['strm.retention.AGE', 'Stream.spec.retention.age'],
    ['streams.spec.retention.age', 'Stream.spec.retention.age'],
    ['streamtype.properties[0].type', 'StreamType.spec.properties.type'],
    ['Pipeline.input.http_server.path', 'Pipeline.spec.input.http_server.path'],
    ['processors.mapping', 'processor.mapping'],
    ['pipe.pipeline.processors.catch.mapping', 'Pipeline.spec.pipeline.processors.catch.mapping'],
    [
      'Sink.spec.endpoint.headers.Authorization.fromSecret.key',
      'Sink.spec.endpoint.headers.Authorization.fromSecret.key',
    ],
    ['HEADGATE.yaml.sources.grants.env', 'headgate.yaml.sources.grants.env'],
    ['headgate.yaml.quotas.team-a.bytes', 'headgate.yaml.quotas.team-a.bytes'],
    ['output.standard.max_in_flight', 'output.standard.max_in_flight'],
  ])('finds %s', (asked, title) => {
    expect(findTopic(asked, resolved).title).toBe(title)
  })

  test('suggests what was nearly right, at each step', () => {
    expect(hintOf('strem')).toBe('Did you mean Stream?')
    expect(hintOf('stream.shads')).toBe('Did you mean shards?')
    expect(hintOf('input.htp_server.path')).toBe('Did you mean http_server?')
    expect(hintOf('input.http_server.pth')).toBe('Did you mean path?')
    expect(hintOf('output.drop.anything')).toBe('output.drop has no fields.')
    expect(hintOf('FieldUnknwn')).toBe('Did you mean FieldUnknown?')
    expect(hintOf('zzzzzzz')).toBe('See what there is with: headgate explain')
  })

  test('shows an example in its place, lists as lists', async () => {
    expect(await explained('headgate.yaml.sources.grants.env')).toContain(`EXAMPLE
  sources:
    - grants:
        env:
          - SHOP_*
`)
    expect(await explained('input.http_server')).toContain(
      'http_server:\n    address: 127.0.0.1:8090',
    )
  })

  test('lists all fields beneath with --recursive, and ends where components nest', async () => {
    const tree = await explained('pipeline', true)
    expect(tree).toMatch(/\n {6}http_server\n {8}address <text>/)
    expect(tree).toContain('mapping')
    const opened = (name: string) => tree.split('\n').filter((line) => line.trim() === name).length
    for (const name of ['archive', 'branch', 'stdin', 'mapping', 'ttlru']) {
      expect([name, opened(name)]).toEqual([name, 1])
    }
    expect(tree).toMatch(/ {10}processors <a list of processors> required\n {10}result_map/)
  })

  test('lists everything that there is', () => {
    const text = topicsText(resolved)
    for (const name of ['StreamType', 'strm', 'http_server', 'mapping', 'headgate.yaml']) {
      expect(text).toContain(name)
    }
  })

  test('knows every field of every kind, component and headgate.yaml, each with its meaning', async () => {
    const mute: string[] = []
    const visit = async (path: string, within: readonly string[]): Promise<void> => {
      const topic = findTopic(path, resolved)
      const text = await topicText(topic, resolved, false)
      expect(text).toContain(topic.title)
      if (topic.schema.description === undefined) mute.push(path)
      for (const { name, schema } of childrenOf(topic.schema, resolved)) {
        const references = [schema.$ref ?? '', schema.items?.$ref ?? ''].filter((one) => one !== '')
        if (references.some((one) => within.includes(one))) continue
        await visit(`${path}.${name}`, [...within, ...references])
      }
    }
    for (const kind of ['StreamType', 'AccessPolicy', 'Stream', 'Sink']) await visit(kind, [])
    for (const role of ROLES)
      await visit(
        role,
        ROLES.map((one) => `#/$defs/${one}`),
      )
    await visit('headgate.yaml', [])
    expect(mute).toEqual([])
  })

  test('is a command, whose mistakes are usage errors', async () => {
    const good = await headgate(['explain', 'input.http_server.path'])
    expect([good.status, good.stdout]).toEqual([0, expect.stringContaining('default "/post"')])
    const code = await headgate(['explain', 'fieldunknown'])
    expect([code.status, code.stdout]).toEqual([0, expect.stringContaining('FieldUnknown')])
    const bad = await headgate(['explain', 'strem'])
    expect([bad.status, bad.stderr]).toEqual([2, expect.stringContaining('Did you mean Stream?')])
  })
})
