import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { SECRET_BYTES_MAX, secretResolver } from './secret-resolver.ts'

const root = mkdtempSync(join(tmpdir(), 'headgate-secrets-'))
const secretsDirectory = join(root, 'secrets')
mkdirSync(join(secretsDirectory, 'default', 'kafka'), { recursive: true })
mkdirSync(join(secretsDirectory, 'other', 'kafka'), { recursive: true })
writeFileSync(join(secretsDirectory, 'default', 'kafka', 'password'), 'CANARY\n')
writeFileSync(join(secretsDirectory, 'other', 'kafka', 'theirs'), 'CANARY')
writeFileSync(join(secretsDirectory, 'limit'), 'x'.repeat(SECRET_BYTES_MAX))
writeFileSync(join(secretsDirectory, 'beyond'), 'x'.repeat(SECRET_BYTES_MAX + 1))
writeFileSync(join(root, 'outside'), 'CANARY')
symlinkSync(join(root, 'outside'), join(secretsDirectory, 'leads-out'))
symlinkSync(join(secretsDirectory, 'limit'), join(secretsDirectory, 'leads-in'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const env = (name: string): string | undefined => (name === 'TOKEN' ? 'CANARY' : undefined)
const secrets = secretResolver({ namespace: 'default', secretsDirectory, env })

describe('a secret', () => {
  test('comes from a granted variable, a file, or a Secret of its namespace', async () => {
    expect(await secrets.resolve({ fromEnv: 'TOKEN' })).toBe('CANARY')
    expect(await secrets.resolve({ fromFile: 'default/kafka/password' })).toBe('CANARY')
    expect(await secrets.resolve({ fromSecret: { name: 'kafka', key: 'password' } })).toBe('CANARY')
  })

  test('is at most so long', async () => {
    expect(await secrets.resolve({ fromFile: 'leads-in' })).toHaveLength(SECRET_BYTES_MAX)
    await expect(secrets.resolve({ fromFile: 'beyond' })).rejects.toMatchObject({
      code: 'SecretMissing',
    })
  })

  const wrong = [
    { fromEnv: 'HOME' },
    { fromFile: '../outside' },
    { fromFile: join(root, 'outside') },
    { fromFile: 'leads-out' },
    { fromFile: 'missing' },
    { fromFile: 'default' },
    { fromSecret: { name: '../other/kafka', key: 'theirs' } },
    { fromSecret: { name: 'kafka', key: '../../../outside' } },
    { fromSecret: { name: '..', key: 'limit' } },
  ] as const
  for (const reference of wrong)
    test(`is never found by ${JSON.stringify(reference).replace(root, '')}, and no value is told`, async () => {
      const error: unknown = await secrets.resolve(reference).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'SecretMissing' })
      expect(String(error)).not.toContain('CANARY')
    })

  test('needs a secrets folder', async () => {
    const none = secretResolver({ namespace: 'default', secretsDirectory: undefined, env })
    await expect(none.resolve({ fromFile: 'limit' })).rejects.toMatchObject({
      code: 'SecretMissing',
    })
  })
})
