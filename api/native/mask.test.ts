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

  test('hides what the components that speak HTTP take for a secret', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n'
    const client = {
      proxy_url: 'http://me:pw@proxy.example',
      oauth: { consumer_secret: 's', access_token: 's', access_token_secret: 's' },
      oauth2: { client_key: 'id', client_secret: 's', token_url: 'https://example.org/token' },
      basic_auth: { username: 'me', password: 's' },
      tls: { client_certs: [{ key, password: 's' }] },
    }
    expect(maskObject({ ...meta, kind: 'Pipeline', spec: { output: { client } } }).spec).toEqual({
      output: {
        client: {
          proxy_url: 'http://***@proxy.example',
          oauth: { consumer_secret: '***', access_token: '***', access_token_secret: '***' },
          oauth2: {
            client_key: 'id',
            client_secret: '***',
            token_url: 'https://example.org/token',
          },
          basic_auth: { username: 'me', password: '***' },
          tls: { client_certs: [{ key: '***', password: '***' }] },
        },
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
