import { expect, test } from 'vitest'
import { childEnvironment } from './child-environment.ts'

test('a child gets what programs need and what its pipeline may read, and nothing else', () => {
  const own = { PATH: '/bin', LC_ALL: 'C', APP_MODE: 'x', APP_TOKEN: 'y', DATABASE_PASSWORD: 'z' }
  const granted = (name: string) => (name === 'APP_MODE' ? own.APP_MODE : undefined)
  expect(childEnvironment(granted, own)).toEqual({ PATH: '/bin', LC_ALL: 'C', APP_MODE: 'x' })
})
