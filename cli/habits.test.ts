import { expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'
import { COMMANDS } from './commands.ts'
import { COMMAND_HABITS, habitOf, OPTION_HABITS } from './habits.ts'

const NAMES = COMMANDS.map(({ name }) => name.split(' ')[0])

test('habits lead to commands that there are, and hide none', () => {
  const meant = [...Object.values(COMMAND_HABITS), ...Object.values(OPTION_HABITS)]
  const named = meant.flatMap((text) =>
    [...text.matchAll(/headgate (\w+)/g)].map(([, name]) => name),
  )
  expect(named.filter((name) => !NAMES.includes(name ?? ''))).toEqual([])
  expect(Object.keys(COMMAND_HABITS).filter((name) => NAMES.includes(name))).toEqual([])
  const options = Object.keys(OPTION_HABITS).map((key) => key.split(' ')[0] ?? '')
  expect(options.filter((name) => !NAMES.includes(name))).toEqual([])
})

test('a slip is told what it is here', async () => {
  expect(habitOf(['apply', 'x', '-f'])).toContain('headgate apply PATH --source NAME')
  expect(habitOf(['get', '-f'])).toBeUndefined()
  const command = await headgate(['logs', 'clean'])
  expect([command.status, command.stderr]).toEqual([
    2,
    expect.stringContaining('Here it is: headgate events KIND NAME'),
  ])
  const option = await headgate(['apply', '-f', 'set', '--source', 'x'])
  expect([option.status, option.stderr]).toEqual([
    2,
    expect.stringContaining('Here it is: the path stands alone'),
  ])
})
