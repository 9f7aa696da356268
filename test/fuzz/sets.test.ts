/**
 * Whatever a file holds, reading it ends, with problems that stand within it. `HEADGATE_SEED=n` replays a failure,
 * `HEADGATE_SOAK_MINUTES=n` goes on for as long.
 */
import { describe, expect, test } from 'vitest'
import { engineInspector } from '../../cli/inspector.ts'
import { problemsText } from '../../cli/problems-text.ts'
import { FileCache } from '../../controllers/sets/file-cache.ts'
import type { Problem } from '../../controllers/sets/problem.ts'
import { readTexts } from '../../controllers/sets/testing.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SEEDS_TEST_MS, seeds, underSeed } from '../crash/seeds.ts'
import { hostileFiles } from './hostile-files.ts'
import { below, corpus, mutated, noise } from './mutations.ts'

const SHARE = 600
const PATHS = ['a.yaml', 'a.json', 'streams/a.yaml']
const PLACE_MAX = 2_000_000
/** A thousand documents may have one each, besides those of the file. */
const PROBLEMS_MAX = 1_201

const files = corpus()

describe('random files', () => {
  test('random bytes and damaged files never crash, and each problem has a place in the file', {
    timeout: SEEDS_TEST_MS,
  }, async () => {
    for (const seed of seeds({ share: SHARE })) {
      await underSeed(seed, async () => {
        const random = new SeededRandom(seed)
        const bytes = below(random, 4) === 0 ? noise(random) : mutated(files, random)
        const path = PATHS[below(random, PATHS.length)] ?? 'a.yaml'
        const cache = new FileCache(engineInspector)
        const { problems } = await readTexts({ [path]: bytes }, { cache })
        expect(faultsOf(problems, bytes.toString())).toEqual([])
        problemsText(
          problems,
          () => bytes.toString(),
          (_style, text) => text,
        )
      })
    }
  })
})

describe('files that are small to write and large to read', () => {
  test.each([...hostileFiles()])(
    '%s is judged under limits',
    { timeout: 60_000 },
    async (_name, make) => {
      const bytes = Buffer.concat(make())
      for (const path of PATHS) {
        const cache = new FileCache(engineInspector)
        const { problems } = await readTexts({ [path]: bytes }, { cache })
        expect(problems.length).toBeGreaterThan(0)
        expect(problems.length).toBeLessThanOrEqual(PROBLEMS_MAX)
        expect(faultsOf(problems.slice(0, 10), bytes.toString())).toEqual([])
      }
    },
  )
})

/** What is wrong with the problems themselves. */
function faultsOf(problems: readonly Problem[], text: string): readonly string[] {
  const lines = text.split('\n').length
  return problems.flatMap(({ line, column, width = 1, message, hint = '' }) => [
    ...(line >= 1 && line <= lines ? [] : [`line ${line} of ${lines}: ${message}`]),
    ...(column >= 1 && column < PLACE_MAX && width >= 1 ? [] : [`column ${column}: ${message}`]),
    ...(/undefined|\[object|NaN\b(?!")/.test(`${message} ${hint}`) &&
    !/undefined|NaN|object/.test(text)
      ? [`a message of ours that makes no sense: ${message}`]
      : []),
  ])
}
