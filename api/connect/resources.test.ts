import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConnectServer, openConnectServer } from './testing.ts'

let server: ConnectServer
beforeEach(async () => {
  server = await openConnectServer()
})
afterEach(() => server[Symbol.asyncDispose]())

const call: ConnectServer['call'] = (...given) => server.call(...given)
const uptimeOf = async (id: string): Promise<number> =>
  JSON.parse((await call('GET', `/streams/${id}`)).text).uptime
const statOf = async (id: string, name: string, path: string, label = ''): Promise<number> => {
  const stats = JSON.parse((await call('GET', `/streams/${id}/stats`)).text)
  return stats[`${name}{label="${label}",path="${path}",stream="${id}"}`]
}
const ticks = (interval = '1ms'): string =>
  `input: {generate: {mapping: "root.n = counter()", interval: ${interval}}}\n`

describe('a shared resource', () => {
  test.each(['cache', 'input', 'output', 'processor', 'rate_limit'])(
    'is posted with an empty 200: %s',
    async (type) => {
      const bodies: Record<string, string> = {
        cache: 'memory: {}',
        input: 'generate: {mapping: "root = 1"}',
        output: 'drop: {}',
        processor: 'mapping: root = this',
        rate_limit: 'local: {count: 1, interval: 1s}',
      }
      const body = bodies[type] ?? ''
      expect(await call('POST', `/resources/${type}/a`, body)).toMatchObject({
        status: 200,
        text: '',
      })
      expect(await call('POST', `/resources/${type}/a`, `label: a\n${body}`)).toMatchObject({
        status: 200,
      })
      expect((await call('POST', `/resources/${type}/a`, `label: b\n${body}`)).text).toMatch(
        /^Error: expected the label a or none, got "b"/,
      )
    },
  )

  test('of another type, or with a mistake, is a 400', async () => {
    expect(await call('POST', '/resources/buffer/a', '{}')).toMatchObject({
      status: 400,
      text: 'Error: Var `type` must be set to one of `cache`, `input`, `output`, `processor` or `rate_limit`\n',
    })
    expect(await call('POST', '/resources/cache/a', 'memory:\n  sise: 1\n')).toMatchObject({
      status: 400,
      text: '{"lint_errors":["(2,3) field sise not recognised"]}',
    })
    expect(await call('POST', '/resources/processor/a', 'mapping: root = nope(')).toMatchObject({
      status: 400,
      text: expect.stringContaining('"lint_errors":["(1,'),
    })
    expect(
      await call('POST', '/resources/cache/a?chilled=true', 'memory:\n  sise: 1\n'),
    ).toMatchObject({ status: 200 })
    expect(await call('POST', '/resources/input/a', 'stream: {name: s}')).toMatchObject({
      status: 502,
      text: expect.stringContaining('keeps no position'),
    })
  })

  test('heeds If-Match, and `dryRun` makes nothing', async () => {
    const path = '/resources/output/audit'
    const moved = await call('POST', path, 'drop: {}', { 'if-match': '"another"' })
    expect(moved).toMatchObject({ status: 412 })
    expect(await call('POST', `${path}?dryRun=true`, 'drop: {}')).toMatchObject({ status: 200 })
    const stream = `${ticks('1h')}output: {resource: audit}`
    const refused = await call('POST', '/streams/a', stream)
    expect(refused).toMatchObject({ status: 502, text: expect.stringContaining('"audit"') })
    const etag = (await call('GET', '/streams')).headers.get('etag') ?? ''
    const matching = await call('POST', path, 'drop: {}', { 'if-match': etag })
    expect(matching).toMatchObject({ status: 200 })
    expect(await call('POST', '/streams/a', stream)).toMatchObject({ status: 200 })
  })

  test('counts under its label, whichever config it has', async () => {
    for (const [type, config] of Object.entries({
      cache: 'memory: {}',
      rate_limit: 'local: {count: 1000}',
      processor: 'mapping: root = throw("no")',
      output: 'drop: {}',
      input: 'generate: {mapping: root = 1, interval: "", count: 3}',
    }))
      expect(await call('POST', `/resources/${type}/my_${type}`, config)).toMatchObject({
        status: 200,
      })
    const stats = async (): Promise<Record<string, unknown>> =>
      JSON.parse((await call('GET', '/stats')).text)
    const config = [
      'input: {resource: my_input}',
      'pipeline:',
      '  processors:',
      '    - cached: {cache: my_cache, key: k, processors: [{resource: my_processor}]}',
      '    - rate_limit: {resource: my_rate_limit}',
      'output: {resource: my_output}',
    ]
    expect(await call('POST', '/streams/a', config.join('\n'))).toMatchObject({ status: 200 })
    const key = (name: string, role: string, at = ''): string =>
      `${name}{label="my_${role}",path="root.${role}_resources${at}",stream=""}`
    const lookups = key('cache_not_found', 'cache').replace('",path', '",operation="get",path')
    await expect.poll(async () => (await stats())[key('output_sent', 'output')]).toBe(3)
    expect(await stats()).toMatchObject({
      [key('input_received', 'input')]: 3,
      [key('processor_received', 'processor', '.0')]: 3,
      [key('processor_error', 'processor', '.0')]: 3,
      [key('rate_limit_checked', 'rate_limit')]: 3,
      [lookups]: 3,
    })
    await call('POST', '/resources/cache/my_cache', 'memory: {}')
    expect((await stats())[lookups]).toBe(3)
  })

  test('is found by every stream, and is one: what one writes the other reads', async () => {
    expect(
      await call('POST', '/streams/early', 'input: {stdin: {}}\noutput: {resource: audit}'),
    ).toMatchObject({ status: 502, text: expect.stringContaining('"audit"') })
    await call('POST', '/resources/cache/seen', 'memory: {}')
    await call('POST', '/resources/output/audit', 'drop: {}')
    const dedupe = `${ticks()}pipeline: {processors: [{dedupe: {cache: seen, key: "\${! this.n }"}}]}\noutput: {resource: audit}\n`
    for (const id of ['a', 'b'])
      expect(await call('POST', `/streams/${id}`, dedupe)).toMatchObject({ status: 200 })
    await expect.poll(() => statOf('a', 'output_sent', 'root.output')).toBeGreaterThan(5)
    const [received, sent] = [
      await statOf('b', 'input_received', 'root.input'),
      await statOf('b', 'output_sent', 'root.output'),
    ]
    expect(received).toBeGreaterThan(sent)
  })

  test('that is an input gives each message to one of those who read it', async () => {
    await call(
      'POST',
      '/resources/input/ticks',
      'generate: {mapping: "root = 1", interval: "", count: 100}',
    )
    const reading = 'input: {resource: ticks}\noutput: {drop: {}}'
    await call(
      'POST',
      '/streams',
      JSON.stringify({
        a: { input: { resource: 'ticks' }, output: { drop: {} } },
        b: { input: { resource: 'ticks' }, output: { drop: {} } },
      }),
    )
    expect(reading).toContain('ticks')
    await expect
      .poll(
        async () =>
          (await statOf('a', 'output_sent', 'root.output')) +
          (await statOf('b', 'output_sent', 'root.output')),
      )
      .toBe(100)
  })

  test('is replaced while it is used: no stream is restarted, and what cannot be built changes nothing', async () => {
    await call('POST', '/resources/processor/gate', 'mapping: root = deleted()')
    await call('POST', '/resources/output/sink', 'drop: {}')
    await call('POST', '/resources/input/ticks', 'generate: {mapping: "root = 1", interval: 1ms}')
    await call(
      'POST',
      '/streams/a',
      'input: {resource: ticks}\npipeline: {processors: [{resource: gate}]}\noutput: {resource: sink}',
    )
    await expect.poll(() => statOf('a', 'input_received', 'root.input')).toBeGreaterThan(3)
    expect(await statOf('a', 'output_sent', 'root.output')).toBe(0)
    const uptime = await uptimeOf('a')
    expect(await call('POST', '/resources/processor/gate', 'mapping: root = nope()')).toMatchObject(
      {
        status: 400,
      },
    )
    expect(await statOf('a', 'output_sent', 'root.output')).toBe(0)
    await call('POST', '/resources/processor/gate', 'mapping: root = this')
    await expect.poll(() => statOf('a', 'output_sent', 'root.output')).toBeGreaterThan(3)
    const bad = await call('POST', '/resources/output/sink', 'file: {path: /proc/nope/at/all}')
    expect(bad.status).not.toBe(200)
    await call('POST', '/resources/output/sink', 'reject: not now')
    await expect.poll(() => statOf('a', 'output_error', 'root.output')).toBeGreaterThan(0)
    await call('POST', '/resources/output/sink', 'drop: {}')
    await call('POST', '/resources/input/ticks', 'generate: {mapping: "root = 2", interval: 2ms}')
    const before = await statOf('a', 'output_sent', 'root.output')
    await expect.poll(() => statOf('a', 'output_sent', 'root.output')).toBeGreaterThan(before + 3)
    expect(await uptimeOf('a')).toBeGreaterThan(uptime)
    expect(server.plane.resources.get('Pipeline', 'default', 'a')?.metadata.generation).toBe(1)
  })

  test('stands behind the label of the stream itself', async () => {
    await call('POST', '/resources/output/sink', 'reject: never')
    const spec = {
      input: { generate: { mapping: 'root = 1', count: 1 } },
      output: { resource: 'sink' },
      output_resources: [{ label: 'sink', drop: {} }],
    }
    await server.plane.sources.apply('own', {
      files: [
        {
          path: 'p.json',
          text: JSON.stringify({
            apiVersion: 'headgate.dev/v1alpha1',
            kind: 'Pipeline',
            metadata: { name: 'p' },
            spec,
          }),
        },
      ],
      dryRun: false,
    })
    await expect.poll(() => statOf('p', 'output_sent', 'root.output_resources.0', 'sink')).toBe(1)
  })

  test('is there after a restart, with the streams that name it', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-connect-'))
    try {
      const first = await openConnectServer({ dataDirectory })
      await first.call('POST', '/resources/output/sink', 'drop: {}')
      await first.call('POST', '/streams/a', `${ticks('1h')}output: {resource: sink}`)
      await first[Symbol.asyncDispose]()
      await using again = await openConnectServer({ dataDirectory })
      await again.plane.sources.firstConvergence()
      const { active, config } = JSON.parse((await again.call('GET', '/streams/a')).text)
      expect({ active, output: config.output }).toEqual({
        active: true,
        output: { resource: 'sink' },
      })
    } finally {
      rmSync(dataDirectory, { recursive: true, force: true })
    }
  })
})
