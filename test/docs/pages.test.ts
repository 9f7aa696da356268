import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../controllers/config/load-config.ts'
import type { Problem } from '../../controllers/sets/problem.ts'
import { readTexts } from '../../controllers/sets/testing.ts'
import { ROOT } from '../house/source-files.ts'
import { findBinaries } from '../kubernetes/binaries.ts'
import { stepsOf } from './console-script.ts'
import { openSandbox } from './sandbox.ts'

const PAGE_MS_MAX = 5 * 60_000
/** Set up by who reads the page, not by its commands: the checkout is there, its packages installed. */
const INSTALLATION = /^(git clone|cd headgate$|npm ci|npm test)/
/** Left out where the tests with Kubernetes are: it takes Go to build one. */
const OF_KUBECTL = /^kubectl /
const withKubectl = findBinaries() !== undefined

const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && !path.startsWith('test/'))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

describe('pages', () => {
  test('show commands in console blocks only, so that none escapes its test', () => {
    const wrong = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/^\s*```(bash|sh|shell)\b/gm)].map(([fence]) => `${path}: ${fence.trim()}`),
    )
    expect(wrong).toEqual([])
  })

  test('show only resources and configurations that are accepted', async () => {
    const wrong: string[] = []
    // The pages of errors show mistakes on purpose, as the faulty files have them.
    for (const { path, text } of pages.filter(({ path }) => !path.startsWith('docs/errors/'))) {
      for (const [, yaml = ''] of text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)) {
        const problems = await problemsOf(yaml)
        wrong.push(
          ...problems.map(({ line, message }) => `${path}, block line ${line}: ${message}`),
        )
      }
    }
    expect(wrong).toEqual([])
  })

  for (const { path, text } of pages) {
    const steps = stepsOf(text).filter(
      ({ command }) => !INSTALLATION.test(command) && (withKubectl || !OF_KUBECTL.test(command)),
    )
    if (steps.length === 0) continue
    test(`${path} does what it says`, { timeout: PAGE_MS_MAX }, async () => {
      await using sandbox = await openSandbox(path === 'README.md' ? '.' : dirname(path))
      for (const step of steps) {
        await sandbox.run(step).catch((error: Error) => {
          throw new Error(`${path}:${step.line}: ${error.message}`)
        })
      }
    })
  }
})

/** References lead out of a single block, so all of them count as known. */
async function problemsOf(yaml: string): Promise<readonly Problem[]> {
  if (/^(sources|quotas|engine):/.test(yaml)) {
    const config = loadConfig(yaml, 'headgate.yaml')
    return config.ok ? [] : config.problems
  }
  if (!yaml.startsWith('apiVersion:')) return []
  return (await readTexts({ 'block.yaml': yaml }, { known: () => true })).problems
}
