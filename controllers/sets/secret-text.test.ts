import { describe, expect, test } from 'vitest'
import { masked } from '../plan/mask.ts'
import { hasSecretInAddress, isSecretName, maskLine } from './secret-text.ts'
import { SourceText } from './source-text.ts'
import { found } from './value-text.ts'

describe('what is taken for a secret by its name', () => {
  const secret = [
    'password',
    'dbPasswd',
    'PGPASSWORD',
    'client_secret',
    'clientSecret',
    'Authorization',
    'X-Api-Key',
    'apikey',
    'sharedAccessKey',
    'private.key',
    'credentials',
    'Set-Cookie',
    'jwt_secret_value',
    'authToken',
    'sas',
  ]
  for (const name of secret)
    test(`is ${name}, in a spec and in a line`, () => {
      expect(isSecretName(name)).toBe(true)
      expect(masked({ [name]: 'hunter2', list: [{ [name]: 5 }] }, undefined)).toEqual({
        [name]: '***',
        list: [{ [name]: '***' }],
      })
      expect(maskLine(`  - {a: b, ${name}: hunter2, c: d}`)).toBe(`  - {a: b, ${name}: ***, c: d}`)
      expect(maskLine(`{"${name}":"hunter2"}`)).toBe(`{"${name}":***}`)
    })

  for (const name of [
    'key',
    'keys',
    'max_tokens',
    'token_url',
    'passwordFile',
    'sasl',
    'monkey',
    '',
  ])
    test(`is not ${name === '' ? 'nothing' : name}`, () => {
      expect(isSecretName(name)).toBe(false)
      expect(maskLine(`${name}: value`)).toBe(`${name}: value`)
    })
})

describe('what is shown', () => {
  test('are references, and variables', () => {
    const spec = { password: { fromSecret: { name: 'db', key: 'token' } }, token: '${TOKEN:} ${B}' }
    expect(masked(spec, undefined)).toEqual(spec)
    expect(masked({ token: 'x${TOKEN}' }, undefined)).toEqual({ token: '***' })
  })

  test('is no private key, whatever its field is called', () => {
    const key = (kind: string) => `-----BEGIN ${kind}-----\nabc\n-----END ${kind}-----\n`
    const client_certs = [{ cert: key('CERTIFICATE'), key: key('EC PRIVATE KEY') }]
    expect(masked({ client_certs, other: key('PRIVATE KEY') }, undefined)).toEqual({
      client_certs: [{ cert: key('CERTIFICATE'), key: '***' }],
      other: '***',
    })
  })

  test('is no mapping in the place of a secret, but for references, well written or not', () => {
    const meant = 'password: {value: hunter2}, b: c'
    expect(maskLine(meant)).toBe('password: ***, b: c')
    for (const form of [
      '{fromEnvv: A}',
      '{ "fromFile": a/b }',
      '{fromSecret: {name: a, key: b}}',
    ]) {
      expect(maskLine(`password: ${form}`)).toBe(`password: ${form}`)
    }
  })

  test('is no login of an address in what is told of a wrong value, cut or not', () => {
    const url = `ftp://me:${'hunter2'.repeat(20)}@host/x`
    expect(found('a URL', url)).toEqual({
      message: 'expected a URL, got "ftp://***@host/x"',
      expected: 'a URL',
      found: '"ftp://***@host/x"',
    })
    const source = new SourceText('a.yaml', 'a: 1')
    const told = {
      layer: 'component',
      code: 'ComponentConfigInvalid',
      message: `got ${url}`,
    } as const
    expect(source.problem({ start: 0, end: 1 }, told).message).toBe('got ftp://***@host/x')
  })

  test('is no login of an address', () => {
    const url = 'amqp://me:hunter2@host/x'
    expect(masked({ url }, undefined)).toEqual({ url: 'amqp://***@host/x' })
    expect(maskLine(`url: ${url}`)).toBe('url: amqp://***@host/x')
    expect(maskLine('url: amqp://${ME}:${PASSWORD}@host')).toBe(
      'url: amqp://${ME}:${PASSWORD}@host',
    )
    expect([url, url, 'http://host/a@b'].map(hasSecretInAddress)).toEqual([true, true, false])
  })

  test('is no secret parameter of an address', () => {
    const url = 'https://host/x?limit=5&token=hunter2&api_key=${KEY}#end'
    const shown = 'https://host/x?limit=5&token=***&api_key=${KEY}#end'
    expect(masked({ url }, undefined)).toEqual({ url: shown })
    expect(maskLine(`url: "${url}"`)).toBe(`url: "${shown}"`)
    expect([url, shown.replace('***', '${T}')].map(hasSecretInAddress)).toEqual([true, false])
  })

  test('is a line where one secret follows another', () => {
    expect(maskLine('password: a, token: [b, c], url: d secret: e')).toBe(
      'password: ***, token: ***, url: d secret: ***',
    )
  })
})
