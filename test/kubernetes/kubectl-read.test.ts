/** What a stock kubectl reads looks alike at Headgate and at the real API server. */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kinds } from '../../crds/kinds.ts'
import { KINDS } from '../../crds/resource.ts'
import { until } from '../harness/headgate-process.ts'
import { type Both, type BothServers, type Scene, startBoth } from './both-servers.ts'
import { DIFFERENCES } from './kubectl-differences.ts'

let both: BothServers
beforeAll(async () => {
  both = await startBoth()
})
afterAll(() => both[Symbol.asyncDispose]())

function alike({ ours, theirs }: Both, status: number = 0): void {
  expect(ours).toEqual(theirs)
  expect(ours.status).toBe(status)
}

const STREAMS = ['orders', 'readings']
  .map(
    (name) => `apiVersion: headgate.dev/v1alpha1
kind: Stream
metadata: {name: ${name}, labels: {of: ${name}}}
spec: {shards: 2, tags: [a]}
`,
  )
  .join('---\n')

async function made(): Promise<Scene> {
  const scene = await both.scene()
  alike(await scene.run(['create', '-f', '-'], STREAMS))
  return scene
}

describe('get', () => {
  test('prints a table with the columns of the kind', async () => {
    const scene = await made()
    const { ours, theirs } = await scene.run(['get', 'streams'])
    expect(columnsOf(ours.stdout)).toEqual(columnsOf(theirs.stdout))
    const wide = await scene.run(['get', 'streams', '-o', 'wide'])
    expect(columnsOf(wide.ours.stdout)).toEqual(columnsOf(wide.theirs.stdout))
  })

  const columnsOf = (table: string): readonly string[] =>
    (table.split('\n')[0] ?? '').trim().split(/ {2,}/)

  test('prints YAML, names and single fields', async () => {
    const scene = await made()
    const { ours, theirs } = await scene.run(['get', 'stream', 'orders', '-o', 'yaml'])
    expect(ours.stdout.split('\nstatus:\n')[0]).toBe(theirs.stdout.trimEnd())
    alike(await scene.run(['get', 'streams', '-o', 'name']))
    alike(await scene.run(['get', 'streams', '-o', 'jsonpath={.items[*].metadata.name}']))
    alike(await scene.run(['get', 'strm/orders', '-o', 'jsonpath={.spec}']))
  })

  test('selects by labels and fields', async () => {
    const scene = await made()
    for (const selector of [
      'of=orders',
      'of!=orders',
      'of in (orders,x)',
      'of notin (orders)',
      'of',
      '!of',
    ])
      alike(await scene.run(['get', 'streams', '-o', 'name', '-l', selector]))
    const byField = ['get', 'streams', '-o', 'name', '--field-selector']
    alike(await scene.run([...byField, 'metadata.name=orders']))
    alike(await scene.run([...byField, 'metadata.name!=orders']))
    alike(await scene.run([...byField, 'spec.shards=2']), 1)
  })

  test('reads in pages', async () => {
    const scene = await made()
    alike(await scene.run(['get', 'streams', '--chunk-size=1', '-o', 'name']))
  })

  test('says what is not there', async () => {
    const scene = await both.scene()
    alike(await scene.run(['get', 'streams']))
    alike(await scene.run(['get', 'stream', 'orders']), 1)
    alike(await scene.run(['get', 'stream', 'orders', '--ignore-not-found']))
    alike(await scene.run(['get', 'torrents']), 1)
  })

  test('-w goes on with what changes', async () => {
    const scene = await made()
    const args = ['--kubeconfig', scene.ours.kubeconfig, '-n', scene.namespace]
    const watching = spawn(scene.ours.kubectl, [...args, 'get', 'streams', '-w'])
    try {
      let printed = ''
      watching.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
      const rowsOf = (name: string): number =>
        printed.match(new RegExp(`^${name} `, 'gm'))?.length ?? 0
      await until('the list', () => rowsOf('orders') + rowsOf('readings') >= 2)
      await scene.run(['scale', 'stream/orders', '--replicas=3'])
      await until('the change', () => rowsOf('orders') >= 2)
      expect(printed.match(/^NAME/gm)).toHaveLength(1)
      expect(rowsOf('readings')).toBe(1)
    } finally {
      watching.kill('SIGKILL')
    }
  })
})

describe('describe', () => {
  test(`shows the object and what happened to it: ${DIFFERENCES.status}`, async () => {
    const scene = await made()
    const { ours, theirs } = await scene.run(['describe', 'stream', 'orders'])
    const untilStatus = (text: string): string => text.split(/^(?:Status|Events):/m)[0] ?? ''
    expect(untilStatus(ours.stdout)).toBe(untilStatus(theirs.stdout))
    expect(ours.stdout).toMatch(/^Events:/m)
    expect(ours.status).toBe(theirs.status)
  })
})

describe('explain', () => {
  test.each(KINDS)('%s tells every field of its spec', async (kind) => {
    const scene = await both.scene()
    const { singular } = kinds[kind]
    alike(await scene.run(['explain', `${singular}.spec`]))
    alike(await scene.run(['explain', `${singular}.spec`, '--recursive']))
  })

  test(`says that there is no such field; ${DIFFERENCES.metadataDescriptions}`, async () => {
    const scene = await both.scene()
    alike(await scene.run(['explain', 'stream.spec.retention.age']))
    alike(await scene.run(['explain', 'stream.spec.nothing']), 1)
    const { ours, theirs } = await scene.run(['explain', 'stream'])
    const fieldsOf = (text: string): readonly string[] => text.match(/^ {2}\w+\t.*/gm) ?? []
    expect(fieldsOf(ours.stdout)).toEqual(fieldsOf(theirs.stdout))
  })
})

describe('wait', () => {
  test('goes on once the condition holds, and gives up at its time', async () => {
    const scene = await made()
    const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'Available' }] }
    // The part of the controller, which Headgate plays itself.
    const patch = ['patch', 'stream', 'orders', '--subresource=status', '--type=merge', '-p']
    const written = await scene.run([...patch, JSON.stringify({ status })])
    expect([written.ours.status, written.theirs.status]).toEqual([1, 0])
    alike(await scene.run(['wait', '--for=condition=Ready', 'stream/orders', '--timeout=20s']))
    alike(await scene.run(['wait', '--for=jsonpath={.spec.shards}=2', 'stream/orders']))
    alike(await scene.run(['wait', '--for=condition=Nothing', 'stream/orders', '--timeout=1s']), 1)
    alike(await scene.run(['wait', '--for=delete', 'stream/nothing', '--timeout=1s']))
  })
})

describe('discovery', () => {
  test('lists the kinds with names and verbs', async () => {
    const scene = await both.scene()
    const args = ['api-resources', '--api-group=headgate.dev', '-o', 'wide', '--no-headers']
    const { ours, theirs } = await scene.run(args)
    const linesOf = (text: string): readonly string[] =>
      text
        .split('\n')
        .map((line) => line.trim().replace(/ {2,}/g, ' | '))
        .filter((line) => KINDS.some((kind) => line.includes(` ${kind} `)))
    expect(linesOf(ours.stdout)).toEqual(linesOf(theirs.stdout))
    expect(linesOf(ours.stdout)).toHaveLength(KINDS.length)
  })

  test('api-versions names our group', async () => {
    const { ours } = await (await both.scene()).run(['api-versions'])
    expect(ours.stdout.split('\n')).toEqual(expect.arrayContaining(['headgate.dev/v1alpha1', 'v1']))
  })
})

describe('what is Headgate’s own', () => {
  test(`namespaces are there while they hold anything: ${DIFFERENCES.namespaces}`, async () => {
    const scene = await made()
    const { ours } = await scene.run(['get', 'namespaces', '-o', 'name'])
    expect(ours.stdout).toContain('namespace/NAMESPACE')
    const refused = await scene.run(['create', 'namespace', 'another'])
    expect([refused.ours.status, refused.ours.stderr]).toEqual([
      1,
      expect.stringContaining('neither made nor removed'),
    ])
  })

  test('sources, usages and events are read as anything else', async () => {
    const scene = await made()
    for (const what of ['sources', 'streamusages', 'consumergroups', 'retainedstreams', 'events'])
      expect((await scene.run(['get', what])).ours.status).toBe(0)
  })
})
