import { describe, expect, test } from 'vitest'
import { maskAt, maskObject } from './mask.ts'

const meta = { apiVersion: 'headgate.dev/v1alpha1', metadata: { name: 'a' } }

describe('mask', () => {
  test('hides literal headers of a Sink and shows references', () => {
    const headers = { 'X-Any': 'abc', Authorization: { fromEnv: 'TOKEN' } }
    const object = { ...meta, kind: 'Sink', spec: { endpoint: { type: 'standard', headers } } }
    expect(maskObject(object).spec).toEqual({
      endpoint: {
        type: 'standard',
        headers: { 'X-Any': '***', Authorization: { fromEnv: 'TOKEN' } },
      },
    })
  })

  test('hides passwords, tokens and logins in addresses wherever a Pipeline holds them', () => {
    const spec = {
      input: {
        http_client: { url: 'http://me:secret@example.org/x', basic_auth: { password: 'p' } },
      },
      output: {
        x: [{ api_key: 'k', client_secret: 's', token: '${TOKEN}', Authorization: 'Bearer t' }],
      },
    }
    expect(maskObject({ ...meta, kind: 'Pipeline', spec }).spec).toEqual({
      input: { http_client: { url: 'http://***@example.org/x', basic_auth: { password: '***' } } },
      output: {
        x: [{ api_key: '***', client_secret: '***', token: '${TOKEN}', Authorization: '***' }],
      },
    })
  })

  test('leaves kinds that have no place for a secret as they are', () => {
    const object = { ...meta, kind: 'Stream', spec: { metadata: { token: 'public' } } }
    expect(maskObject(object)).toBe(object)
  })

  test('hides in the changes of a plan what it hides in the object', () => {
    expect(maskAt('Sink', 'spec.endpoint.headers.X-Any', 'abc')).toBe('***')
    expect(maskAt('Sink', 'spec.endpoint', { headers: { a: 'b' } })).toEqual({
      headers: { a: '***' },
    })
  })
})
