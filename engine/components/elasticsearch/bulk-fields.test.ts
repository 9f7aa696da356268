/** What a config of Elasticsearch is told before any node is asked. */
import { expect, test, vi } from 'vitest'
import { buildPipeline } from '../../pipelines/build-pipeline.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'

const URLS = { urls: ['http://localhost:9200'] }

async function faultsOf(output: object): Promise<readonly string[]> {
  const { problems } = await inspectPipeline({ input: { stdin: {} }, output })
  return problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('the older name needs nothing but addresses', async () => {
  expect(await faultsOf({ elasticsearch: URLS })).toEqual([])
})

test('the newer name wants to be told the index, the action and the id', async () => {
  const faults = await faultsOf({ elasticsearch_v8: URLS })
  expect(faults.map((fault) => /"(\w+)"/.exec(fault)?.[1]).toSorted()).toEqual([
    'action',
    'id',
    'index',
  ])
})

test.each([
  [{ urls: ['localhost:9200'] }, 'output.elasticsearch.urls.0: expected an address such as'],
  [{ action: 'replace' }, 'output.elasticsearch.action: expected one of create, index'],
  [{ type: 'doc' }, 'output.elasticsearch.type: type is not supported: types of documents'],
  [
    { aws: { enabled: true } },
    'output.elasticsearch.aws.enabled: enabled is not supported: requests are',
  ],
  [
    { aws: { region: 'here' } },
    'output.elasticsearch.aws.region: region is not supported: requests are',
  ],
])('refuses %j', async (more, fault) => {
  const faults = await faultsOf({ elasticsearch: { ...URLS, ...more } })
  expect(faults.join('\n')).toContain(fault)
  expect(faults).toHaveLength(1)
})

test('takes every field of its upstream', async () => {
  const more = {
    index: '${! @index }',
    action: '${! @action }',
    id: '${! @id }',
    pipeline: 'p',
    routing: 'r',
    type: '',
    sniff: false,
    healthcheck: false,
    timeout: '1s',
    tls: { enabled: true },
    basic_auth: { enabled: true, username: 'me', password: { fromEnv: 'PASSWORD' } },
    aws: { enabled: false, region: '', credentials: { profile: '', from_ec2_role: false } },
    gzip_compression: true,
    max_retries: 3,
    backoff: { initial_interval: '1s', max_interval: '2s', max_elapsed_time: '3s' },
    retry_on_conflict: 2,
    batching: { count: 10 },
    max_in_flight: 4,
  }
  expect(await faultsOf({ elasticsearch: { ...URLS, ...more } })).toEqual([])
})

test('names the package to install where it is missing', async () => {
  vi.doMock('@elastic/elasticsearch', () => {
    throw new Error('not found')
  })
  const pipeline = await buildPipeline(
    { input: { stdin: {} }, output: { elasticsearch: URLS } },
    testEnvironment(),
  )
  await expect(pipeline.connect()).rejects.toMatchObject({
    hint: 'Install it: npm install @elastic/elasticsearch',
  })
  await pipeline.stop(0)
  vi.doUnmock('@elastic/elasticsearch')
})
