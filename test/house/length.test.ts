import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { ROOT, sourceFiles } from './source-files.ts'

const FILE_LINES_MAX = 600
const FUNCTION_LINES_MAX = 70

/** Functions that are longer than the rule, with their length of today: a number here may only shrink. */
const RATCHET: Readonly<Record<string, number>> = {}

describe('length', () => {
  test(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
    const wrong = sourceFiles()
      .filter(({ lines }) => lines > FILE_LINES_MAX)
      .map(({ path, lines }) => `${path} has ${lines} lines`)
    expect(wrong).toEqual([])
  })

  test(`no function outside of tests is longer than ${FUNCTION_LINES_MAX} lines, but for the ratchet`, () => {
    const longest = new Map<string, number>()
    for (const { path, count } of longFunctions())
      longest.set(path, Math.max(count, longest.get(path) ?? 0))
    expect(Object.fromEntries(longest)).toEqual(RATCHET)
  })
})

interface LongFunction {
  readonly path: string
  readonly count: number
}

/** Biome parses; we read its report. A test suite's body is one function by nature, so tests are left out. */
function longFunctions(): readonly LongFunction[] {
  const report = JSON.parse(
    runBiome([
      'lint',
      '--only=complexity/noExcessiveLinesPerFunction',
      '--reporter=json',
      '--max-diagnostics=none',
      '.',
    ]),
  ) as { diagnostics: { message: string; location?: { path?: string | { file?: string } } }[] }
  return report.diagnostics
    .map(({ message, location }) => {
      const path = typeof location?.path === 'string' ? location.path : (location?.path?.file ?? '')
      return { path, count: Number(/\((\d+)\)/.exec(message)?.[1] ?? Number.NaN) }
    })
    .filter(
      ({ path }) =>
        !path.endsWith('.test.ts') && !path.startsWith('test/') && !path.startsWith('bench/'),
    )
}

function runBiome(args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, ['node_modules/@biomejs/biome/bin/biome', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
