import { describe, expect, test } from 'vitest'
import { readServerConfig } from './server-config.ts'

describe('the sources of a server', () => {
  test('have the folder that it is given among them, under its name', () => {
    const { sources } = readServerConfig({
      folder: '/config',
      source: 'shop',
      configFile: undefined,
    })
    expect(sources).toMatchObject([{ name: 'shop', type: 'directory', location: '/config' }])
  })

  test('leave the name of single objects to them', () => {
    expect(() =>
      readServerConfig({ folder: '/config', source: 'api', configFile: undefined }),
    ).toThrow(expect.objectContaining({ code: 'Usage' }))
  })
})
