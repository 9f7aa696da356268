import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lintFile } from '../controllers/configs/lint-file.ts'
import { engineInspector } from './inspector.ts'
import { moduleFault } from './module-fault.ts'
import { validatePaths } from './validate-paths.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-module-fault-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What `validate` says of a pipeline that runs it. */
async function problemsOf(text: string | undefined, module = './clean.ts'): Promise<unknown[]> {
  rmSync(join(folder, 'clean.ts'), { force: true })
  if (text !== undefined) writeFileSync(join(folder, 'clean.ts'), text)
  writeFileSync(
    join(folder, 'clean.yaml'),
    `apiVersion: headgate.dev/v1alpha1
kind: Pipeline
metadata: {name: clean}
spec:
  input: {stdin: {}}
  pipeline:
    processors:
      - typescript:
          module: ${module}
  output: {stdout: {}}
`,
  )
  const { problems } = await validatePaths([folder])
  return problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
}

test.each([
  'export default (record) => record',
  'export const batch = async (records: unknown[]) => records',
  'const clean = () => null\nexport { clean as default }',
  "export { default } from './other.ts'",
])('a module that exports what is called has no problem: %s', async (text) => {
  expect(await problemsOf(text)).toEqual([])
})

test('a module that is not there is told at the line that names it', async () => {
  expect(await problemsOf(undefined)).toEqual([
    expect.stringMatching(/^9:19: there is no file .*clean\.ts$/),
  ])
})

test('a module that is not written right is told with its own place', async () => {
  expect(await problemsOf('export default (r: number) => {\n  return r +\n}')).toEqual([
    expect.stringMatching(/^9:19: .*clean\.ts:3:1: Expression expected$/),
  ])
})

test('a module that exports nothing that is called is told what to export', async () => {
  expect(await problemsOf('export const clean = () => null')).toEqual([
    expect.stringMatching(
      /^9:19: expected .*clean\.ts to have a default export, or one named batch, got neither$/,
    ),
  ])
})

test('a bare config is linted for its modules, too', async () => {
  const options = { lints: {}, resources: {}, strangers: false, inspector: engineInspector }
  const config = 'pipeline:\n  processors:\n    - typescript: {module: ./nowhere.ts}\n'
  const file = join(folder, 'config.yaml')
  const problems = await lintFile(file, Buffer.from(config), { ...options, moduleFault })
  expect(problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual([
    expect.stringMatching(/^3:28: there is no file .*nowhere\.ts$/),
  ])
})

test('a file that is no code is refused by its name', async () => {
  expect(await problemsOf('', './clean.py')).toEqual(
    expect.arrayContaining([
      '9:19: expected a file that ends in .ts, .mts, .js, .mjs or .cjs, got ./clean.py',
    ]),
  )
})
