/** What a stock kubectl writes comes out alike at Headgate and at the real API server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Both, type BothServers, type Scene, startBoth } from './both-servers.ts'

let both: BothServers
beforeAll(async () => {
  both = await startBoth()
})
afterAll(() => both[Symbol.asyncDispose]())

const stream = (spec: string, metadata: string = ''): string => `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata:
  name: orders${metadata}
spec: ${spec}
`

function alike({ ours, theirs }: Both, status: number = 0): void {
  expect(ours).toEqual(theirs)
  expect(ours.status).toBe(status)
}

/** What is kept of the object, but for its status. */
async function sameObject(scene: Scene, name: string = 'stream/orders'): Promise<void> {
  const { ours, theirs } = await scene.run(['get', name, '-o', 'json', '--show-managed-fields'])
  expect(withoutStatus(ours.stdout)).toEqual(withoutStatus(theirs.stdout))
}

/** Managers stand in the order of their times, and the two servers need not write within the same second: without them. */
function withoutStatus(text: string): unknown {
  const { status: _, ...object } = JSON.parse(text) as {
    readonly status?: unknown
    readonly metadata: { readonly managedFields?: readonly object[] }
  }
  const managers = (object.metadata.managedFields ?? [])
    .map((one) => JSON.stringify({ ...one, time: undefined }))
    .sort()
  return { ...object, metadata: { ...object.metadata, managedFields: managers } }
}

describe('apply from the client', () => {
  test('creates, changes and leaves alone', async () => {
    const scene = await both.scene()
    const apply = (text: string): Promise<Both> => scene.run(['apply', '-f', '-'], text)
    alike(await apply(stream('{shards: 2, retention: {age: 24h}}', '\n  labels: {team: a}')))
    alike(await apply(stream('{shards: 2, retention: {age: 24h}}', '\n  labels: {team: a}')))
    alike(await apply(stream('{shards: 3, tags: [a, b]}')))
    await sameObject(scene)
    alike(await scene.run(['apply', 'view-last-applied', 'stream/orders', '-o', 'yaml']))
  })

  test('warns of what it did not make, and takes it over', async () => {
    const scene = await both.scene()
    alike(await scene.run(['create', '-f', '-'], stream('{}')))
    alike(await scene.run(['apply', '-f', '-'], stream('{shards: 2}')))
    await sameObject(scene)
  })

  test('refuses fields that are unknown; kubectl itself drops what is twice there', async () => {
    const scene = await both.scene()
    const apply = (text: string): Promise<Both> => scene.run(['apply', '-f', '-'], text)
    alike(await apply(stream('{shard: 2}')), 1)
    alike(await apply(stream('{retention: {days: 1}}')), 1)
    const twice = '{"apiVersion":"headgate.dev/v1alpha1","kind":"Stream","metadata":{"name":"a"}'
    alike(await scene.run(['create', '-f', '-'], `${twice},"spec":{"shards":1,"shards":2}}`))
  })

  test('with --validate=warn says what it drops', async () => {
    const scene = await both.scene()
    const args = ['apply', '--validate=warn', '-f', '-']
    alike(await scene.run(args, stream('{shard: 2, retention: {days: 1}}')))
    await sameObject(scene)
  })
})

describe('apply by the server', () => {
  const apply = (scene: Scene, manager: string, text: string, ...more: readonly string[]) =>
    scene.run(['apply', '--server-side', `--field-manager=${manager}`, ...more, '-f', '-'], text)

  test('shares an object between managers, and takes out what one no longer says', async () => {
    const scene = await both.scene()
    alike(await apply(scene, 'a', stream('{shards: 2, tags: [p, q]}', '\n  labels: {x: "1"}')))
    alike(await apply(scene, 'b', stream('{tags: [q, r], retention: {age: 24h}}')))
    await sameObject(scene)
    alike(await apply(scene, 'a', stream('{shards: 2, tags: [q]}')))
    await sameObject(scene)
    alike(await apply(scene, 'b', stream('{}')))
    await sameObject(scene)
  })

  test('names the managers of what conflicts, and takes it by force', async () => {
    const scene = await both.scene()
    alike(await apply(scene, 'a', stream('{shards: 2, tags: [p]}', '\n  labels: {x: "1"}')))
    alike(await apply(scene, 'b', stream('{shards: 3}')), 1)
    alike(await apply(scene, 'b', stream('{shards: 3}', '\n  labels: {x: "2"}')), 1)
    alike(await apply(scene, 'b', stream('{shards: 3}'), '--force-conflicts'))
    await sameObject(scene)
    alike(await apply(scene, 'a', stream('{shards: 3}')))
    await sameObject(scene)
  })

  test('keeps the entries of a list with keys apart', async () => {
    const scene = await both.scene()
    const overrides = (...ids: readonly string[]): string =>
      stream(`{type: reading, propertyOverrides: [${ids.map((id) => `{id: ${id}, uom: m}`)}]}`)
    alike(await apply(scene, 'a', overrides('one', 'two')))
    alike(await apply(scene, 'b', overrides('two', 'three')))
    alike(await apply(scene, 'a', overrides('two')))
    await sameObject(scene)
  })

  test('takes over what was applied from the client', async () => {
    const scene = await both.scene()
    alike(await scene.run(['apply', '-f', '-'], stream('{shards: 2, retention: {age: 24h}}')))
    alike(await scene.run(['apply', '--server-side', '-f', '-'], stream('{shards: 3}')))
    await sameObject(scene)
  })

  test('of the body of a pipeline owns each part of it', async () => {
    const scene = await both.scene()
    const pipeline = (mapping: string): string => `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: orders}
spec:
  paused: true
  input: {generate: {mapping: '${mapping}', interval: 1s}}
  output: {drop: {}}
`
    alike(await apply(scene, 'a', pipeline('root = 1')))
    alike(await apply(scene, 'b', pipeline('root = 2')), 1)
    await sameObject(scene, 'pipeline/orders')
  })
})

describe('diff', () => {
  test('shows what would change, and ends with 1 then', async () => {
    const scene = await both.scene()
    alike(await scene.run(['apply', '-f', '-'], stream('{shards: 2}')))
    alike(await scene.run(['diff', '-f', '-'], stream('{shards: 2}')))
    const { ours, theirs } = await scene.run(['diff', '-f', '-'], stream('{shards: 3}'))
    expect(changedLines(ours.stdout)).toEqual(changedLines(theirs.stdout))
    expect([ours.status, theirs.status]).toEqual([1, 1])
  })

  const changedLines = (text: string): readonly string[] =>
    text.split('\n').filter((line) => /^[-+](?![-+])/.test(line))
})

describe('create and replace', () => {
  test('create makes one, and only once', async () => {
    const scene = await both.scene()
    alike(await scene.run(['create', '-f', '-'], stream('{}')))
    alike(await scene.run(['create', '-f', '-'], stream('{}')), 1)
    await sameObject(scene)
  })

  test('a dry run says what would be, and makes nothing', async () => {
    const scene = await both.scene()
    const args = ['create', '--dry-run=server', '-o', 'yaml', '-f', '-']
    const { ours, theirs } = await scene.run(args, stream('{shards: 2}'))
    expect(ours.stdout.split('\nstatus:')[0]?.trimEnd()).toBe(theirs.stdout.trimEnd())
    alike(await scene.run(['get', 'streams']))
  })

  test('a name can be left to the server', async () => {
    const scene = await both.scene()
    const text = stream('{}').replace('name: orders', 'generateName: orders-')
    const { ours, theirs } = await scene.run(['create', '-o', 'name', '-f', '-'], text)
    const name = /^stream.headgate.dev\/orders-[a-z0-9]{5}\n$/
    expect([ours.stdout, theirs.stdout]).toEqual([
      expect.stringMatching(name),
      expect.stringMatching(name),
    ])
  })

  test('replace puts another in its place, and knows when it was changed in between', async () => {
    const scene = await both.scene()
    alike(await scene.run(['replace', '-f', '-'], stream('{}')), 1)
    alike(await scene.run(['create', '-f', '-'], stream('{}')))
    alike(await scene.run(['replace', '-f', '-'], stream('{shards: 4}')))
    await sameObject(scene)
    const stale = stream('{shards: 5}', '\n  resourceVersion: "1"')
    alike(await scene.run(['replace', '-f', '-'], stale), 1)
  })

  test('what is wrong with a value is refused with its field and reason (differs: invalid)', async () => {
    const scene = await both.scene()
    for (const spec of ['{shards: 0}', '{retention: {age: 5}}', '{durability: maybe}']) {
      const { ours, theirs } = await scene.run(['create', '-f', '-'], stream(spec))
      expect([ours.status, theirs.status]).toEqual([1, 1])
      const field = /spec\.[\w.]+/
      expect(ours.stderr).toMatch(/^The Stream "orders" is invalid: /)
      expect(theirs.stderr).toMatch(/^The Stream "orders" is invalid: /)
      expect(field.exec(ours.stderr)?.[0]).toBe(field.exec(theirs.stderr)?.[0])
    }
  })
})

describe('changes of what is there', () => {
  async function made(spec: string = '{shards: 2, tags: [a]}'): Promise<Scene> {
    const scene = await both.scene()
    alike(await scene.run(['create', '-f', '-'], stream(spec)))
    return scene
  }

  test('patch takes a merge patch', async () => {
    const scene = await made()
    const patch = (text: string): Promise<Both> =>
      scene.run(['patch', 'stream', 'orders', '--type=merge', '-p', text])
    alike(await patch('{"spec":{"shards":3,"tags":null},"metadata":{"labels":{"a":"b"}}}'))
    alike(await patch('{"spec":{"shards":3}}'))
    alike(await patch('{"metadata":{"name":"other"}}'), 1)
    await sameObject(scene)
  })

  test('patch takes a JSON patch', async () => {
    const scene = await made()
    const patch = (text: string): Promise<Both> =>
      scene.run(['patch', 'stream', 'orders', '--type=json', '-p', text])
    alike(await patch('[{"op":"replace","path":"/spec/shards","value":4}]'))
    alike(await patch('[{"op":"add","path":"/spec/tags/-","value":"b"}]'))
    await sameObject(scene)
  })

  test('a JSON patch that fails is refused (differs: patchThatFails)', async () => {
    const scene = await made()
    const text = '[{"op":"test","path":"/spec/shards","value":9}]'
    const { ours, theirs } = await scene.run([
      'patch',
      'stream',
      'orders',
      '--type=json',
      '-p',
      text,
    ])
    expect([ours.status, theirs.status]).toEqual([1, 1])
    expect(ours.stderr).toContain('{"op":"test","path":"/spec/shards"}')
  })

  test('patch refuses an unknown field (differs: patchOfUnknownField)', async () => {
    const scene = await made()
    const args = ['patch', 'stream', 'orders', '--type=merge', '-p', '{"spec":{"shard":3}}']
    const { ours, theirs } = await scene.run(args)
    expect([ours.status, theirs.status]).toEqual([ours.status, ours.status])
    for (const { stdout, stderr } of [ours, theirs])
      expect(stdout + stderr).toMatch(/unknown field "spec\.shard"/)
  })

  test('a strategic merge patch is for kinds of Kubernetes alone', async () => {
    const scene = await made()
    const args = ['patch', 'stream', 'orders', '--type=strategic', '-p', '{"spec":{"shards":3}}']
    alike(await scene.run(args), 1)
  })

  test('edit writes back what the editor made of it', async () => {
    const scene = await made()
    const editor = { KUBE_EDITOR: 'sed -i "s/shards: 2/shards: 5/"' }
    alike(await scene.run(['edit', 'stream', 'orders'], '', editor))
    alike(await scene.run(['edit', 'stream', 'orders'], '', { KUBE_EDITOR: 'true' }))
    await sameObject(scene)
  })

  test('scale changes the number of shards', async () => {
    const scene = await made()
    alike(await scene.run(['scale', 'stream/orders', '--replicas=6']))
    alike(await scene.run(['scale', 'stream/orders', '--current-replicas=2', '--replicas=7']), 1)
    alike(await scene.run(['get', 'stream', 'orders', '-o', 'jsonpath={.spec.shards}']))
    alike(await scene.run(['scale', 'stream/nothing', '--replicas=6']), 1)
  })

  test('label and annotate change just that', async () => {
    const scene = await made()
    alike(await scene.run(['label', 'stream/orders', 'team=a']))
    alike(await scene.run(['label', 'stream/orders', 'team=b']), 1)
    alike(await scene.run(['label', 'stream/orders', 'team-']))
    alike(await scene.run(['annotate', 'stream/orders', 'example.com/why=because']))
    await sameObject(scene)
  })
})

describe('delete', () => {
  test('removes, and says when there is nothing to remove', async () => {
    const scene = await both.scene()
    alike(await scene.run(['create', '-f', '-'], stream('{deletionPolicy: Delete}')))
    alike(await scene.run(['delete', 'stream', 'orders', '--dry-run=server']))
    alike(await scene.run(['delete', 'stream', 'orders', '--timeout=20s']))
    alike(await scene.run(['get', 'stream', 'orders']), 1)
    alike(await scene.run(['delete', 'stream', 'orders']), 1)
    alike(await scene.run(['delete', 'stream', 'orders', '--ignore-not-found']))
  })

  test('removes what a selector selects, or a file names', async () => {
    const scene = await both.scene()
    const text = stream('{deletionPolicy: Delete}', '\n  labels: {team: a}')
    alike(await scene.run(['apply', '-f', '-'], text))
    alike(await scene.run(['delete', 'streams', '-l', 'team=b']))
    alike(await scene.run(['delete', 'streams', '-l', 'team=a', '--timeout=20s']))
    alike(await scene.run(['apply', '-f', '-'], text))
    alike(await scene.run(['delete', '-f', '-', '--timeout=20s'], text))
    alike(await scene.run(['delete', 'streams', '--all']))
  })
})
