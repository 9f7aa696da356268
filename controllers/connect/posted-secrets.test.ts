import { describe, expect, test } from 'vitest'
import { withStoredSecrets } from './posted-secrets.ts'

const stored = {
  url: 'http://u:one@a/?token=two',
  password: 3,
  servers: [
    { at: 'a', token: 'A' },
    { at: 'b', token: 'B' },
  ],
  key: '-----BEGIN PRIVATE KEY-----',
}
const shown = {
  url: 'http://***@a/?token=***',
  password: '***',
  servers: [
    { at: 'a', token: '***' },
    { at: 'b', token: '***' },
  ],
  key: '***',
}

describe('a mask', () => {
  test('means the secret that is stored at its place', () => {
    expect(withStoredSecrets(shown, stored)).toEqual(stored)
    expect(withStoredSecrets({ password: '***', note: '***' }, stored)).toEqual({
      password: 3,
      note: '***',
    })
    expect(withStoredSecrets({ password: 'new' }, stored)).toEqual({ password: 'new' })
  })

  test('means the secret of its own item, wherever that went in its list', () => {
    const servers = (...at: readonly object[]): unknown =>
      withStoredSecrets({ servers: at }, stored)['servers']
    const [a, b] = [
      { at: 'a', token: '***' },
      { at: 'b', token: '***' },
    ]
    expect(servers(b)).toEqual([{ at: 'b', token: 'B' }])
    expect(servers(b, a)).toEqual([stored.servers[1], stored.servers[0]])
    expect(servers({ at: 'c', token: 'C' }, a, b)).toEqual([
      { at: 'c', token: 'C' },
      ...stored.servers,
    ])
    expect(servers({ at: 'new', token: '***' }, b)).toEqual([
      { at: 'new', token: 'A' },
      stored.servers[1],
    ])
    expect(() => servers(b, { at: 'c', token: '***' })).toThrow('field servers.1.token: ')
    expect(() => servers(a, b, { at: 'c', token: '***' })).toThrow('field servers.2.token: ')
  })

  test.each([
    [{ auth: { password: '***' } }, 'auth.password'],
    [{ url: 'http://***@elsewhere/' }, 'url'],
    [{ url: 'http://elsewhere/?a=1&token=***' }, 'url'],
  ])('that stands for nothing is refused: %o', (posted, field) => {
    for (const before of [stored, undefined])
      expect(() => withStoredSecrets(posted, before)).toThrow(`field ${field}: `)
  })
})
