import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { reached, runToEnd, started } from '../testing.ts'

const cache_resources = [{ label: 'kept', memory: {} }]
const generate = {
  generate: { mapping: 'root = {"id": counter(), "ttl": ""}', interval: '', count: 2 },
}

describe('the cache output', () => {
  test('keeps each message under its key, for whoever reads the cache', async () => {
    const environment = testEnvironment()
    const spec = {
      input: generate,
      cache_resources,
      output: {
        broker: {
          pattern: 'fan_out_sequential',
          outputs: [
            { cache: { target: 'kept', key: 'k${! this.id }' } },
            {
              stdout: {},
              processors: [{ cache: { resource: 'kept', operator: 'get', key: 'k${! this.id }' } }],
            },
          ],
        },
      },
    }
    await runToEnd(spec, environment)
    expect(environment.stdout.text).toBe('{"id":1,"ttl":""}\n{"id":2,"ttl":""}\n')
  })

  test('rejects the message whose key or ttl cannot be told, and no other', async () => {
    const environment = testEnvironment()
    const output = {
      fallback: [
        { cache: { target: 'kept', key: 'a', ttl: '${! if this.id == 2 {"soon"} else {"1m"} }' } },
        { stdout: {}, processors: [{ mapping: 'root = [this.id, @fallback_error]' }] },
      ],
    }
    const input = { batched: { child: generate, policy: { count: 2 } } }
    const pipeline = await started({ input, cache_resources, output }, environment)
    await reached(pipeline, 'completed')
    expect(environment.stdout.text).toContain('[2,"expected a ttl such as 60s')
    expect(environment.stdout.text).not.toContain('[1,')
  })
})
