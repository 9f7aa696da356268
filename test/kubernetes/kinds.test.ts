/** The kinds as a real API server has them: accepted in whole, and comfortable to use with kubectl. */
import { describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { kinds } from '../../crds/kinds.ts'
import { API_VERSION, KINDS, type Kind } from '../../crds/resource.ts'
import { call, kubectl } from './api-server.ts'
import { atTheLimits } from './at-the-limits.ts'
import { namespace, objectsPath, post } from './objects.ts'

const server = inject('apiServer')

describe.each(KINDS)('%s', (kind) => {
  const { plural, singular, shortNames } = kinds[kind]

  test('is established, with a schema that is structural and rules within budget', async () => {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.headgate.dev`
    const { body } = await call(server, 'GET', path)
    const conditions = body.status.conditions.map(
      (one: { readonly type: string; readonly status: string }) => `${one.type}=${one.status}`,
    )
    expect(conditions.sort()).toEqual(['Established=True', 'NamesAccepted=True'])
  })

  test('explains each field of its spec', async () => {
    const { stdout, status } = await kubectl(server, ['explain', `${singular}.spec`])
    expect(status).toBe(0)
    for (const [name, field] of Object.entries(kinds[kind].spec.properties ?? {})) {
      expect(stdout).toMatch(new RegExp(`^ +${name}\\t<`, 'm'))
      expect(collapsed(stdout)).toContain(collapsed(field.description ?? '?'))
    }
  })

  test('answers to its names, short and of the category', async () => {
    const where = await namespace(server)
    await post(server, where, kinds[kind].example)
    for (const name of [plural, singular, ...shortNames, 'headgate']) {
      const { stdout } = await kubectl(server, ['get', name, '-n', where, '-o', 'name'])
      expect([name, stdout]).toEqual([name, expect.stringContaining(`${singular}.headgate.dev/`)])
    }
  })

  test('shows its columns, and fills them from status', async () => {
    const where = await namespace(server)
    const { metadata } = await post(server, where, kinds[kind].example)
    const path = `${objectsPath(kind, where)}/${metadata.name}/status`
    const conditions = [{ type: 'Ready', status: 'True', reason: 'Applied' }]
    const patch = { status: { conditions, owner: 'local' }, spec: null }
    const patched = await call(server, 'PATCH', path, patch, 'application/merge-patch+json')
    expect([patched.status, patched.body.metadata.generation]).toEqual([200, 1])
    const { stdout } = await kubectl(server, ['get', plural, '-n', where, '-o', 'wide'])
    const [head = '', row = ''] = stdout.split('\n').map((line) => line.trim().split(/ {2,}/))
    const names = kinds[kind].printerColumns.map(({ name }) => name.toUpperCase())
    expect(head).toEqual(['NAME', ...names])
    expect(row.slice(0, 3)).toEqual([metadata.name, 'True', 'Applied'])
    expect(row).toContain('local')
  })

  test('is created by a server-side dry run in word only, with every default', async () => {
    const where = await namespace(server)
    const args = ['create', '--dry-run=server', '-n', where, '-o', 'json', '-f', '-']
    const { stdout } = await kubectl(server, args, kinds[kind].example)
    const { spec } = parse(kinds[kind].example)
    expect(JSON.parse(stdout)).toMatchObject({ kind, spec: { ...defaultsOf(kind), ...spec } })
    const { body } = await call(server, 'GET', objectsPath(kind, where))
    expect(body.items).toEqual([])
  })

  test('takes an object that is as large as it may be', async () => {
    const where = await namespace(server)
    const object = {
      apiVersion: API_VERSION,
      kind,
      metadata: { name: 'large' },
      spec: atTheLimits[kind],
    }
    const path = `${objectsPath(kind, where)}?fieldValidation=Strict`
    const { status, body } = await call(server, 'POST', path, object)
    expect([status, body.message]).toEqual([201, undefined])
  })

  test('keeps its id once it is there', async () => {
    const where = await namespace(server)
    const { metadata } = await post(server, where, kinds[kind].example)
    const path = `${objectsPath(kind, where)}/${metadata.name}`
    const change = async (id: string) =>
      call(server, 'PATCH', path, { spec: { id } }, 'application/merge-patch+json')
    expect((await change(metadata.name)).status).toBe(200)
    const { status, body } = await change('other')
    expect(status).toBe(422)
    expect(body.message).toContain(`spec.id cannot change from ${metadata.name} to other`)
  })
})

describe('a Stream', () => {
  test('is scaled by the number of its shards', async () => {
    const where = await namespace(server)
    await post(server, where, kinds.Stream.example)
    const path = `${objectsPath('Stream', where)}/readings`
    const merge = 'application/merge-patch+json'
    await call(server, 'PATCH', `${path}/status`, { status: { shards: 4 } }, merge)
    const before = await call(server, 'GET', `${path}/scale`)
    expect([before.body.spec.replicas, before.body.status.replicas]).toEqual([4, 4])
    const scaled = await kubectl(server, ['scale', 'strm/readings', '--replicas=6', '-n', where])
    expect(scaled).toMatchObject({ status: 0 })
    expect((await call(server, 'GET', path)).body.spec.shards).toBe(6)
  })

  test('keeps its type, and says which', async () => {
    const where = await namespace(server)
    await post(server, where, kinds.Stream.example)
    for (const [type, shown] of [
      ['other', 'other'],
      [null, 'none'],
    ]) {
      const path = `${objectsPath('Stream', where)}/readings`
      const patch = { spec: { type } }
      const { status, body } = await call(
        server,
        'PATCH',
        path,
        patch,
        'application/merge-patch+json',
      )
      expect(status).toBe(422)
      expect(body.details.causes).toEqual([
        expect.objectContaining({
          field: 'spec.type',
          message: expect.stringContaining(`cannot change from reading to ${shown}`),
        }),
      ])
    }
  })

  test('is a whole one without a spec', async () => {
    const where = await namespace(server)
    const { spec } = await post(
      server,
      where,
      `{apiVersion: ${API_VERSION}, kind: Stream, metadata: {name: bare}}`,
    )
    expect(spec).toEqual(defaultsOf('Stream'))
  })
})

const POST_TO = { type: 'standard', url: 'http://a' }
const BROKEN: readonly (readonly [kind: Kind, spec: object, field: string, message: string])[] = [
  [
    'Sink',
    { from: { stream: 'a' }, endpoint: POST_TO, deadLetter: { stream: 'a' } },
    'spec.deadLetter.stream',
    'a dead letter goes to another stream than a, which is the one that is read',
  ],
  ['Stream', { indexes: ['a'] }, 'spec.indexes', 'indexes need a type'],
  [
    'Stream',
    { retention: { age: '59m' } },
    'spec.retention.age',
    'expected a duration from 1h to 8760h',
  ],
  [
    'AccessPolicy',
    {
      targets: [
        { kind: 'Stream', names: ['a'] },
        { kind: 'Sink', names: ['a'], default: true },
      ],
      entries: [{ trustee: { role: 'a' }, access: 'Allow', rights: ['Read'] }],
    },
    'spec.targets',
    'a target has exactly one of names, selector and default: true, but not targets[1]',
  ],
  [
    'StreamType',
    {
      properties: [
        { id: 'a', type: 'Int32', key: 1 },
        { id: 'b', type: 'Int32', key: 3 },
      ],
    },
    'spec.properties',
    'each place of the key is taken once, and none is left out, got [1, 3]',
  ],
  [
    'StreamType',
    { jsonSchema: {}, properties: [{ id: 'a', type: 'Int32', key: 1 }] },
    'spec',
    'expected exactly one of properties and jsonSchema, got both',
  ],
]

test.each(BROKEN)(
  'a broken rule of %s is named with its place: %o',
  async (kind, spec, field, message) => {
    const where = await namespace(server)
    const object = { apiVersion: API_VERSION, kind, metadata: { name: 'x' }, spec }
    const { body } = await call(server, 'POST', objectsPath(kind, where), object)
    expect(body.details.causes).toEqual([
      { reason: 'FieldValueInvalid', field, message: expect.stringContaining(message) },
    ])
  },
)

function defaultsOf(kind: Kind): object {
  const fields = Object.entries(kinds[kind].spec.properties ?? {})
  const flat = fields.filter(
    ([, field]) => field.default !== undefined && field.properties === undefined,
  )
  return Object.fromEntries(flat.map(([name, field]) => [name, field.default]))
}

function collapsed(text: string): string {
  return text.replace(/\s+/g, ' ')
}
