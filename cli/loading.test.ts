/** How long a short command takes is mostly how much it loads, and that can be held without a clock. */
import { expect, test } from 'vitest'
import { headgate } from '../test/harness/headgate-process.ts'

const MARK = 'loaded: '
/** Tells at the end which packages and which of the larger built-in modules were loaded. */
const TELL = `
import { registerHooks } from 'node:module'
const names = new Set()
registerHooks({ load(url, context, next) {
  const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1] ?? url
  if (!name.startsWith('file:')) names.add(name)
  return next(url, context)
} })
process.on('exit', () => process.stderr.write('\\n${MARK}' + [...names].sort().join(' ')))
`

async function loadedBy(...args: readonly string[]): Promise<readonly string[]> {
  const hook = `data:text/javascript,${encodeURIComponent(TELL)}`
  const { stderr } = await headgate(args, {
    environment: { NODE_OPTIONS: `--import="${hook}"` },
  })
  const names = stderr.slice(stderr.lastIndexOf(MARK) + MARK.length).split(' ')
  return names.filter((name) => !name.startsWith('node:') || name === 'node:http')
}

test('headgate validate loads only what reads and judges the files', async () => {
  const loaded = await loadedBy('validate', 'examples/01-quickstart')
  expect(loaded).toEqual(['commander', 'ignore', 're2js', 'yaml'])
})

test('headgate version loads nothing but the command line', async () => {
  expect(await loadedBy('version')).toEqual(['commander'])
})
